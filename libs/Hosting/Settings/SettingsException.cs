namespace Sotto.Hosting.Settings;

/// <summary>Settings are wrong in a way that a person must mend. The message is one sentence for each wrong setting, naming its key.</summary>
public sealed class SettingsException : Exception
{
    /// <summary>Says what is wrong.</summary>
    /// <param name="sentences">One for each wrong setting, naming its key; never containing a secret value.</param>
    public SettingsException(params IEnumerable<string> sentences)
        : base(string.Join(Environment.NewLine, sentences))
    {
    }
}
