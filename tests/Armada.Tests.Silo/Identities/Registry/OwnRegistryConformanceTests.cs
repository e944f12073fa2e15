using Armada.Testing.Registry;

namespace Armada.Tests.Silo.Identities.Registry;

/// <summary>The silo's own registry with its real broker; openssl says what is taken.</summary>
public sealed class OwnRegistryConformanceTests : RegistryConformance
{
    protected override async Task<IRegistryUnderTest> StartAsync() => await OwnRig.StartAsync(Logs);
}
