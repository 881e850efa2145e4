using System.ComponentModel.DataAnnotations;

namespace Sotto.Hosting.Bus;

/// <summary>How frames are written that have a compact form. Both are read, always.</summary>
public enum FrameFormat
{
    /// <summary>As JSON, which every version can read.</summary>
    Json,

    /// <summary>As <see cref="FrameCodec"/> says.</summary>
    Compact,
}

/// <summary>Section <c>Bus</c>.</summary>
public sealed class BusSettings
{
    /// <summary>
    /// How this service writes frames. Default: <see cref="FrameFormat.Json"/>. <see cref="FrameFormat.Compact"/> costs less of everything, and can be chosen once no instance runs any more
    /// whose version does not know it.
    /// </summary>
    [EnumDataType(typeof(FrameFormat), ErrorMessage = "must be Json or Compact.")]
    public FrameFormat FrameFormat { get; set; } = FrameFormat.Json;
}
