global using NUnit.Framework;
global using Sotto.SenderKit;
global using Sotto.Contracts;
global using Sotto.TestSupport;

[assembly: FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
