import '@angular/compiler';
import { Blob as NodeBlob } from 'node:buffer';
import { TestBed } from '@angular/core/testing';
import { BrowserTestingModule, platformBrowserTesting } from '@angular/platform-browser/testing';

globalThis.Blob = NodeBlob as unknown as typeof Blob; // jsdom's has neither stream() nor arrayBuffer()

TestBed.initTestEnvironment(BrowserTestingModule, platformBrowserTesting());
