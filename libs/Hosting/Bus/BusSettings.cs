using System.ComponentModel.DataAnnotations;

namespace Sotto.Hosting.Bus;

/// <summary>What a service may do at its broker; section <c>Bus</c>.</summary>
public sealed class BusSettings
{
    /// <summary>
    /// Who declares the exchanges and queues that services share. <see cref="BusDeclaration.Own"/> fits a broker user that may do anything;
    /// <see cref="BusDeclaration.Given"/> one that may touch only what its service owns, as <c>sotto access apply</c> makes it.
    /// </summary>
    [EnumDataType(typeof(BusDeclaration))]
    public BusDeclaration Topology { get; set; } = BusDeclaration.Own;
}

/// <summary>Who declares what services share.</summary>
public enum BusDeclaration
{
    /// <summary>Each service declares all that it touches, before it starts.</summary>
    Own,

    /// <summary>Somebody with the right to did; the service only looks whether it is there.</summary>
    Given,
}
