global using FsCheck;
global using FsCheck.Fluent;
global using NUnit.Framework;
