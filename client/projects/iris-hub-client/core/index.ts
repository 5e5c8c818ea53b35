/** The hub's client without a framework: the package `iris-hub-core` under the name of this package. */

export * from 'iris-hub-core';
