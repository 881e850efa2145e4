global using NUnit.Framework;
global using Sotto.TestSupport;
