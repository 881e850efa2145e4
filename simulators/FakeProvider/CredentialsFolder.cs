namespace Sotto.FakeProvider;

/// <summary>Where simulators keep the test authority and the credentials that senders need; several processes may share one folder.</summary>
public sealed class CredentialsFolder
{
    private readonly string _path;

    public CredentialsFolder(string path)
    {
        _path = Path.GetFullPath(path);
        Directory.CreateDirectory(_path);
    }

    /// <summary>The absolute path of a file in the folder.</summary>
    public string this[string name] => Path.Combine(_path, name);

    /// <summary>Reads a file; makes it first if there is none. Of several makers at once one wins, and all read what it wrote.</summary>
    public string ReadOrCreate(string name, Func<string> create)
    {
        var file = this[name];
        if (!File.Exists(file))
        {
            var draft = WriteDraft(name, create());
            try
            {
                File.Move(draft, file, overwrite: false);
            }
            catch (IOException) when (File.Exists(file))
            {
                File.Delete(draft);
            }
        }

        return File.ReadAllText(file);
    }

    /// <summary>Puts a file in the place of the one that may be there; a reader sees the old or the new, never a half.</summary>
    public void Replace(string name, string text) => File.Move(WriteDraft(name, text), this[name], overwrite: true);

    private string WriteDraft(string name, string text)
    {
        var draft = this[$".{name}.{Guid.NewGuid():N}"];
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(draft, options);
        writer.Write(text);
        return draft;
    }
}
