using System.CommandLine;
using System.Security.Cryptography;
using Sotto.Contracts;
using Sotto.Sodium;

namespace Sotto.Cli.Keys;

/// <summary><c>sotto keys</c>: the X25519 key pairs of the services that hold secrets, and the VAPID key. Private keys never reach the terminal.</summary>
internal static class KeysCommand
{
    /// <summary>The folder, inside the key folder, that SubscriptionApi reads; it holds public keys only.</summary>
    private const string PublicFolder = "public";

    // One pair for each service that others seal to; the onion key is the one that clients pin.
    private static readonly string[] SealingNames = ["encryptor", .. Provider.All];
    private const string OnionName = "onion";

    private static readonly Option<DirectoryInfo> Folder = new("--folder")
    {
        Description = "The key folder.",
        DefaultValueFactory = _ => new DirectoryInfo("keys"),
    };

    public static Command Create() =>
        new("keys", "Make, show and take over key pairs.") { Generate(), Show(), Import() };

    private static Command Generate()
    {
        var command = new Command("generate", "Make every key pair that is not there yet, the VAPID key of Web Push among them. Existing files are never touched.") { Folder };
        command.Runs((arguments, _) =>
        {
            var folder = arguments.GetValue(Folder)!;
            Directory.CreateDirectory(Path.Combine(folder.FullName, PublicFolder));
            var made = ((string[])[OnionName, .. SealingNames]).Select(name => MakeIfAbsent(folder.FullName, name)).ToList();
            var (vapid, absent) = VapidKey.MakeIfAbsent(folder.FullName, Path.Combine(folder.FullName, PublicFolder));
            made.Add(new KeyReport(VapidKey.Name, vapid, absent));
            Output.Print(
                arguments,
                made,
                made.Select(key => $"{(key.Made ? "made  " : "exists")}  {key.Name,-14} {key.PublicKey}"));
            return Task.FromResult(Output.Done);
        });
        return command;
    }

    private static Command Show()
    {
        var command = new Command("show", "Show the public key of each private key in the folder.") { Folder };
        command.Runs((arguments, _) =>
        {
            var folder = arguments.GetValue(Folder)!;
            if (!folder.Exists)
                throw new OperatorException($"There is no folder {folder}: name another with --folder, or make it with sotto keys generate.");
            var keys = folder.EnumerateFiles("*.key").OrderBy(file => file.Name, StringComparer.Ordinal)
                .Select(file => new KeyReport(Path.GetFileNameWithoutExtension(file.Name), PublicKeyOf(file.FullName), Made: false))
                .ToList();
            if (VapidKey.PublicKeyIn(folder.FullName) is { } vapid)
                keys.Add(new KeyReport(VapidKey.Name, vapid, Made: false));
            Output.Print(arguments, keys, keys.Select(key => $"{key.Name,-14} {key.PublicKey}"));
            if (keys.Count == 0)
                Output.Remark(arguments, $"There are no keys in {folder}.");
            return Task.FromResult(Output.Done);
        });
        return command;
    }

    private static Command Import()
    {
        var from = new Argument<FileInfo>("file") { Description = "A file with an X25519 private key: 32 raw bytes or 64 hex digits." };
        var name = new Option<string>("--as")
        {
            Description = "Which key it becomes: onion (the one that clients pin) or the name of a service or provider.",
            DefaultValueFactory = _ => OnionName,
        };
        name.AcceptOnlyFromAmong([OnionName, .. SealingNames]);
        var command = new Command("import", "Take over a key that clients already know, so that they need no new build.") { from, name, Folder };
        command.Runs((arguments, _) =>
        {
            var report = TakeOver(arguments.GetValue(from)!.FullName, arguments.GetValue(Folder)!.FullName, arguments.GetValue(name)!);
            Output.Print(arguments, report, $"{(report.Made ? "took over" : "had already")} {report.Name}; its public key is {report.PublicKey}");
            return Task.FromResult(Output.Done);
        });
        return command;
    }

    // Clients may know a key that is there, so only its owner may take it away. The same key again is no change.
    private static KeyReport TakeOver(string file, string folder, string name)
    {
        var key = KeyFile.ReadKey(file);
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, PublicFolder));
            var path = PrivatePath(folder, name);
            if (!File.Exists(path))
            {
                KeyFile.Write(path, key);
                return MakeIfAbsent(folder, name) with { Made = true };
            }

            var present = KeyFile.ReadKey(path);
            var isSame = CryptographicOperations.FixedTimeEquals(present, key);
            CryptographicOperations.ZeroMemory(present);
            return isSame
                ? MakeIfAbsent(folder, name)
                : throw new OperatorException($"{path} is there already and holds another key. If nobody knows that one, move the file away and run this again.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static KeyReport MakeIfAbsent(string folder, string name)
    {
        var path = PrivatePath(folder, name);
        var absent = !File.Exists(path);
        if (absent)
        {
            var key = RandomNumberGenerator.GetBytes(X25519.KeySize);
            KeyFile.Write(path, key);
            CryptographicOperations.ZeroMemory(key);
        }

        var publicKey = PublicKeyOf(path);
        if (!string.Equals(name, OnionName, StringComparison.Ordinal))
            KeyFile.WritePublicKey(Path.Combine(folder, PublicFolder, $"{name}.pub"), Convert.FromHexString(publicKey));
        return new KeyReport(name, publicKey, absent);
    }

    private static string PublicKeyOf(string path)
    {
        var key = KeyFile.ReadKey(path);
        using var pair = SealingKeyPair.FromPrivateKey(key);
        CryptographicOperations.ZeroMemory(key);
        return Convert.ToHexStringLower(pair.PublicKey.Span);
    }

    private static string PrivatePath(string folder, string name) => Path.Combine(folder, $"{name}.key");

    private sealed record KeyReport(string Name, string PublicKey, bool Made);
}
