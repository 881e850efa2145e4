using System.ComponentModel.DataAnnotations;

namespace Sotto.Hosting.Bus;

/// <summary>What a service may do at its broker; section <c>Bus</c>.</summary>
public sealed class BusSettings
{
    /// <summary>
    /// Who declares the exchanges and queues that services share. <see cref="BusDeclaration.Own"/> fits a broker user that may do anything;
    /// <see cref="BusDeclaration.Given"/> one that may touch only what its service owns, as <c>sotto access apply</c> makes it.
    /// </summary>
    [EnumDataType(typeof(BusDeclaration), ErrorMessage = "must be Own or Given.")]
    public BusDeclaration Topology { get; set; } = BusDeclaration.Own;

    /// <summary>
    /// How this service writes frames. Default: <see cref="FrameFormat.Json"/>. <see cref="FrameFormat.Compact"/> costs less of everything, and can be chosen once no instance runs any more
    /// whose version does not know it.
    /// </summary>
    [EnumDataType(typeof(FrameFormat), ErrorMessage = "must be Json or Compact.")]
    public FrameFormat FrameFormat { get; set; } = FrameFormat.Json;
}

/// <summary>Who declares what services share.</summary>
public enum BusDeclaration
{
    /// <summary>Each service declares all that it touches, before it starts.</summary>
    Own,

    /// <summary>Somebody with the right to did; the service only looks whether it is there.</summary>
    Given,
}
