global using NUnit.Framework;
global using Sotto.Contracts;
global using Sotto.TestSupport;
