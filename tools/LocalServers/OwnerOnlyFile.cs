namespace Sotto.LocalServers;

/// <summary>Files that hold secrets: mode 0600 from the first byte on.</summary>
public static class OwnerOnlyFile
{
    /// <summary>Writes the file anew.</summary>
    public static void Write(string path, string content)
    {
        // A file that is there keeps its mode, whatever that is.
        File.Delete(path);
        using var stream = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        using var writer = new StreamWriter(stream);
        writer.Write(content);
    }

    /// <summary>Writes the file so that a reader sees the old content or the new, never a half.</summary>
    public static void Replace(string path, string content)
    {
        var draft = path + ".new";
        Write(draft, content);
        File.Move(draft, path, overwrite: true);
    }

    /// <summary>Makes a folder that only its owner may enter.</summary>
    public static void MakeFolder(string path) => Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
}
