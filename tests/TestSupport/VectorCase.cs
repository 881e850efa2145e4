using System.Text.Json;
using NUnit.Framework;

namespace Sotto.TestSupport;

/// <summary>One case of a vector file, or the reason why there is none.</summary>
public sealed class VectorCase
{
    private readonly JsonElement _json;
    private readonly JsonElement _root;
    private readonly string? _leftOut;
    private readonly string? _unreadable;

    private VectorCase(string name, JsonElement root, JsonElement json, string? leftOut = null, string? unreadable = null) =>
        (Name, _root, _json, _leftOut, _unreadable) = (name, root, json, leftOut, unreadable);

    /// <summary>For the test's name.</summary>
    public string Name { get; }

    /// <summary>The case. Ends the test, with a message in its result, when the folder lacks the file.</summary>
    public JsonElement Json
    {
        get
        {
            RequireContent();
            return _json;
        }
    }

    /// <summary>The file that the case stands in.</summary>
    public JsonElement Root
    {
        get
        {
            RequireContent();
            return _root;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    internal static VectorCase Of(string name, JsonElement root, JsonElement json) => new(name, root, json);

    internal static VectorCase LeftOut(string name, string reason) => new(name, default, default, leftOut: reason);

    internal static VectorCase Unreadable(string name, string reason) => new(name, default, default, unreadable: reason);

    private void RequireContent()
    {
        if (_unreadable is not null)
            Assert.Fail(_unreadable);
        if (_leftOut is null)
            return;

        TestContext.Progress.WriteLine($"LEFT OUT: {_leftOut}");
        Assert.Pass($"LEFT OUT: {_leftOut}");
    }
}
