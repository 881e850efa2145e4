namespace Sotto.Dev.Running;

/// <summary>Where one running system keeps its files.</summary>
/// <param name="Path">Absolute.</param>
internal sealed record RunFolder(string Path)
{
    /// <summary>The system that <c>./dev up</c> leaves running.</summary>
    public static RunFolder Up { get; } = new(Workspace.Local("run"));

    /// <summary>The system of <c>./dev demo</c>, apart from the other.</summary>
    public static RunFolder Demo { get; } = new(Workspace.Local("demo"));

    /// <summary>What runs, and how to stop it.</summary>
    public string StateFile => At("state.json");

    /// <summary>One file for each program.</summary>
    public string Logs => At("logs");

    /// <summary>Private keys, one file each, and in <c>public</c> the public ones.</summary>
    public string Keys => At("keys");

    /// <summary>What providers would have given us: keys, accounts, and the certificate authority of the simulated ones.</summary>
    public string Credentials => At("credentials");

    /// <summary>A path inside.</summary>
    public string At(params string[] names) => System.IO.Path.Combine([Path, .. names]);
}
