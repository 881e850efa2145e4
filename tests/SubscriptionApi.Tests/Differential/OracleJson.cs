using System.Globalization;
using System.Text;

namespace SubscriptionApi.Tests.Differential;

/// <summary>
/// A second reading of what JSON is to the reference's parser, written from its documentation and sharing nothing with the service: a byte order mark is passed over, a NUL is the
/// end, strings must be Unicode, numbers must fit a double, of names given twice the last counts. Objects are dictionaries, arrays lists.
/// </summary>
internal sealed class OracleJson
{
    private readonly byte[] _text;
    private int _at;

    private OracleJson(byte[] text) => _text = text;

    /// <summary>The value; an exception when it is none.</summary>
    public static object Parse(byte[] text)
    {
        var parser = new OracleJson(text);
        if (text is [0xEF, 0xBB, 0xBF, ..])
            parser._at = 3;
        var value = parser.Value();
        return parser.Next() == -1 ? value : throw new FormatException("something follows");
    }

    // The next byte that is not white space; -1 at the end.
    private int Next()
    {
        while (_at < _text.Length && _text[_at] is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r')
            _at++;
        return Peek();
    }

    private int Peek() => _at < _text.Length && _text[_at] != 0 ? _text[_at] : -1;

    private object Value()
    {
        switch (Next())
        {
            case '{':
                return Object();
            case '[':
                return Array();
            case '"':
                return Text();
            case 't':
                return Word("true", true);
            case 'f':
                return Word("false", false);
            case 'n':
                return Word("null", OracleNull.Value);
            default:
                return Number();
        }
    }

    private object Word(string word, object value)
    {
        foreach (var letter in word)
            Expect(letter);
        return value;
    }

    private void Expect(char wanted)
    {
        if (Peek() != wanted)
            throw new FormatException($"expected {wanted}");
        _at++;
    }

    private Dictionary<string, object> Object()
    {
        var members = new Dictionary<string, object>(StringComparer.Ordinal);
        Expect('{');
        if (Next() == '}')
        {
            _at++;
            return members;
        }

        while (true)
        {
            Next();
            var name = Text();
            Next();
            Expect(':');
            members[name] = Value();
            if (Next() == '}')
                break;
            Expect(',');
        }

        _at++;
        return members;
    }

    private List<object> Array()
    {
        var items = new List<object>();
        Expect('[');
        if (Next() == ']')
        {
            _at++;
            return items;
        }

        while (true)
        {
            items.Add(Value());
            if (Next() == ']')
                break;
            Expect(',');
        }

        _at++;
        return items;
    }

    private string Text()
    {
        var bytes = new List<byte>();
        Expect('"');
        while (Peek() is var next && next != '"')
        {
            if (next < 0x20)
                throw new FormatException("control character, or no end");
            _at++;
            if (next == '\\')
                Escape(bytes);
            else
                bytes.Add((byte)next);
        }

        _at++;
        // Half a pair, written as three bytes below, is not UTF-8 either.
        return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. bytes]);
    }

    private void Escape(List<byte> bytes)
    {
        var letter = Peek();
        _at++;
        var simple = "\"\\/bfnrt".IndexOf((char)letter, StringComparison.Ordinal);
        if (simple >= 0)
        {
            bytes.Add((byte)"\"\\/\b\f\n\r\t"[simple]);
            return;
        }

        if (letter != 'u')
            throw new FormatException("unknown escape");
        int point = Unit();
        if (point is >= 0xD800 and < 0xDC00)
        {
            Expect('\\');
            Expect('u');
            var low = Unit();
            if (low is < 0xDC00 or > 0xDFFF)
                throw new FormatException("half a pair");
            point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
        }

        bytes.AddRange(point is >= 0xD800 and <= 0xDFFF ? throw new FormatException("half a pair") : Encoding.UTF8.GetBytes(char.ConvertFromUtf32(point)));
    }

    private int Unit()
    {
        if (_at + 4 > _text.Length)
            throw new FormatException("short escape");
        var digits = Encoding.Latin1.GetString(_text, _at, 4);
        _at += 4;
        return digits.All(char.IsAsciiHexDigit) ? int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : throw new FormatException("no hex");
    }

    private OracleNumber Number()
    {
        var start = _at;
        if (Peek() == '-')
            _at++;
        if (Peek() == '0')
            _at++;
        else
            Digits();
        if (Peek() == '.')
        {
            _at++;
            Digits();
        }

        if (Peek() is 'e' or 'E')
        {
            _at++;
            if (Peek() is '+' or '-')
                _at++;
            Digits();
        }

        var text = Encoding.ASCII.GetString(_text, start, _at - start);
        return double.IsFinite(double.Parse(text, CultureInfo.InvariantCulture)) ? new(text) : throw new FormatException("too large");
    }

    private void Digits()
    {
        var start = _at;
        while (Peek() is >= '0' and <= '9')
            _at++;
        if (_at == start)
            throw new FormatException("no digit");
    }
}

/// <summary>A number as it is written.</summary>
internal sealed record OracleNumber(string Text)
{
    public bool IsInteger => Text.All(letter => letter is '-' or (>= '0' and <= '9'));
}

/// <summary>The value null.</summary>
internal sealed class OracleNull
{
    public static readonly OracleNull Value = new();
}
