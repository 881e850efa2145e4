using Sotto.Hosting.Settings;

namespace Sotto.Cli.Import;

/// <summary>The existing server's ini file (session-v2 section 10), read as that server reads it, by Python's <c>ConfigParser</c>; and what its settings are called here.</summary>
internal sealed class SpnsIni
{
    private static readonly Dictionary<string, string> OurNames = new(StringComparer.Ordinal)
    {
        ["hivemind.oxend_rpc"] = "SwarmListener: Swarm:Oxend",
        ["hivemind.max_connects"] = "SwarmListener: Swarm:ConnectsMax",
        ["hivemind.filter_lifetime"] = "SwarmListener: Swarm:DuplicateWindowSeconds; Encryptor: Encryptor:DuplicateWindow (in seconds there, a time span here)",
        ["hivemind.subs_interval"] = "SwarmListener: Swarm:SlowCheckSeconds",
        ["keys.onionreq"] = "sotto keys import FILE --as onion",
        ["keys.hivemind"] = "SwarmListener: Swarm:PrivateKeyFile (better left out: each instance then makes its own)",
        ["log.level"] = "every service: Log:Level",
        ["notify-apns.identifier"] = "ApnsSender: Apns:Topic",
        ["notify-apns.cert_file"] = "ApnsSender: Apns:CertificateFile",
        ["notify-apns-sandbox.identifier"] = "ApnsSender: ApnsSandbox:Topic",
        ["notify-apns-sandbox.cert_file"] = "ApnsSender: ApnsSandbox:CertificateFile",
        ["notify-firebase.token_file"] = "FcmSender: Fcm:ServiceAccountFile",
        ["notify-huawei.app_id"] = "HuaweiSender: Huawei:AppId",
        ["notify-huawei.app_secret"] = "HuaweiSender: Huawei:AppSecretFile (put the secret into a file of its own)",
    };

    // Each value by its lines.
    private readonly SortedDictionary<string, List<string>> _values = new(StringComparer.Ordinal);

    /// <summary>Where the existing server's database is; null when the file does not say.</summary>
    public string? DatabaseUrl => _values.TryGetValue("db.url", out var lines) ? string.Join('\n', lines).Replace("%%", "%", StringComparison.Ordinal) : null;

    /// <summary>Each setting that means something here, by its name there and its name here; never its value, which may be a secret.</summary>
    public IEnumerable<(string There, string Here)> Known => _values.Keys.Where(OurNames.ContainsKey).Select(key => (key, OurNames[key]));

    /// <summary>Settings without a counterpart: this system decides these by itself.</summary>
    public IEnumerable<string> NotNeeded => _values.Keys.Where(key => key != "db.url" && !OurNames.ContainsKey(key));

    /// <exception cref="SettingsException">A line is neither a section, a setting, a comment nor empty.</exception>
    public static SpnsIni Read(FileInfo file) => Read(file.ToString(), File.ReadLines(file.FullName));

    /// <param name="file">What the file is called in a complaint.</param>
    /// <param name="lines">Its lines.</param>
    /// <exception cref="SettingsException">A line is neither a section, a setting, a comment nor empty.</exception>
    internal static SpnsIni Read(string file, IEnumerable<string> lines)
    {
        var ini = new SpnsIni();
        string? section = null;
        List<string>? value = null;
        var (number, indentation) = (0, 0);
        foreach (var line in lines)
        {
            number++;
            var text = line.Trim();
            if (text.Length == 0 || text[0] is '#' or ';')
                continue;
            var indented = line.Length - line.TrimStart().Length;
            if (value is not null && indented > indentation)
            {
                value.Add(text);
                continue;
            }

            indentation = indented;
            if (text[0] == '[' && text.AsSpan().LastIndexOf(']') is > 1 and var end)
                (section, value) = (text[1..end].Trim(), null);
            else if (section is not null && text.AsSpan().IndexOfAny('=', ':') is > 0 and var sign)
                ini._values[$"{section}.{text[..sign].TrimEnd().ToLowerInvariant()}"] = value = [text[(sign + 1)..].TrimStart()];
            else
                throw new SettingsException($"{file}: line {number} is neither a [section] nor a setting.");
        }

        return ini;
    }
}
