using Sotto.Dev.Running;
using Sotto.TestSupport;

namespace EndToEnd.Tests.Tools;

/// <summary>What can be started.</summary>
public sealed class ServiceCatalogueTests
{
    [Test]
    public void Every_service_can_be_started() =>
        Assert.That(ServiceCatalogue.All, Is.EquivalentTo(Directory.GetDirectories(Repository.At("services")).Select(Path.GetFileName)));
}
