using System.Globalization;

namespace Sotto.FakeProvider;

/// <summary>A command line that cannot be understood; the message says why.</summary>
public sealed class CommandLineException(string message) : Exception(message);

/// <summary>A command line of <c>--name value</c> and <c>--switch</c>; a name that nobody asks for is a mistake.</summary>
public sealed class CommandLine
{
    private readonly Dictionary<string, string?> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    private CommandLine()
    {
    }

    /// <summary>Takes the arguments apart.</summary>
    public static CommandLine Parse(IReadOnlyList<string> arguments)
    {
        var line = new CommandLine();
        for (var i = 0; i < arguments.Count; i++)
        {
            var name = arguments[i];
            if (!name.StartsWith("--", StringComparison.Ordinal))
                throw new CommandLineException($"'{name}' is not an option.");
            var hasValue = i + 1 < arguments.Count && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal);
            if (!line._values.TryAdd(name, hasValue ? arguments[++i] : null))
                throw new CommandLineException($"{name} is given twice.");
        }

        return line;
    }

    public string Required(string name) => Optional(name) ?? throw new CommandLineException($"{name} is missing.");

    public string Text(string name, string otherwise) => Optional(name) ?? otherwise;

    public int Number(string name, int otherwise)
    {
        var text = Text(name, otherwise.ToString(CultureInfo.InvariantCulture));
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new CommandLineException($"{name} takes a whole number, not '{text}'.");
    }

    public bool Switch(string name)
    {
        _asked.Add(name);
        if (!_values.TryGetValue(name, out var text))
            return false;
        return text is null ? true : throw new CommandLineException($"{name} takes no value.");
    }

    /// <summary>To be called when every option has been asked for.</summary>
    public void RefuseTheRest()
    {
        var strange = _values.Keys.Except(_asked, StringComparer.Ordinal).FirstOrDefault();
        if (strange is not null)
            throw new CommandLineException($"There is no option {strange}.");
    }

    private string? Optional(string name)
    {
        _asked.Add(name);
        if (!_values.TryGetValue(name, out var text))
            return null;
        return text ?? throw new CommandLineException($"{name} needs a value.");
    }
}
