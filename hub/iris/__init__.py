"""Everything that is special about InterSystems IRIS."""
