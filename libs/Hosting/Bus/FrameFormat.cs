namespace Sotto.Hosting.Bus;

/// <summary>How frames are written that have a compact form. Both are read, always.</summary>
public enum FrameFormat
{
    /// <summary>As JSON, which every version can read.</summary>
    Json,

    /// <summary>As <see cref="FrameCodec"/> says; what it has no place for as JSON.</summary>
    Compact,
}
