namespace Sotto.Dev.Mutants;

/// <summary>One planted bug: an exact change of text in one file, and the test that must notice.</summary>
/// <param name="Name">Names it.</param>
/// <param name="Harm">What it would do.</param>
/// <param name="File">The file, from the root.</param>
/// <param name="Test">The test project, and after a space its filter in the words of <c>dotnet test --filter</c>.</param>
/// <param name="Before">What stands there, exactly once.</param>
/// <param name="After">What stands there then.</param>
internal sealed record Mutant(string Name, string Harm, string File, string Test, string Before, string After)
{
    /// <summary>The test project.</summary>
    public string TestProject => Test.Split(' ', 2)[0];

    /// <summary>Which of its tests.</summary>
    public string Filter => Test.Split(' ', 2)[1];

    /// <summary>How often the text to be changed stands in the file; anything but 1 is a mistake in the table.</summary>
    public int Occurrences => System.IO.File.Exists(FullPath) ? Text.Split(Before).Length - 1 : 0;

    /// <summary>The file with the bug in it.</summary>
    public string Mutated => Text.Replace(Before, After, StringComparison.Ordinal);

    public string FullPath => Path.Combine(Workspace.Root, this.File);

    private string Text => System.IO.File.ReadAllText(FullPath).ReplaceLineEndings("\n");
}
