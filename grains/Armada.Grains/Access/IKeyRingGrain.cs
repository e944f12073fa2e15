using Armada.Core.Access;
using Armada.Core.Engine;

namespace Armada.Grains.Access;

/// <summary>The API keys, for gateways: they have no grain storage of their own. There is one, under <see cref="Key"/>.</summary>
[GrainInterfaceType("armada.key-ring"), Alias("armada.key-ring")]
public interface IKeyRingGrain : IGrainWithStringKey
{
    /// <summary>The key of the only one.</summary>
    const string Key = "keys";

    /// <summary>As <see cref="IKeyStore.ReadAsync"/>.</summary>
    /// <exception cref="EngineUnreachableException">The store cannot be asked now.</exception>
    [Alias("read")]
    Task<KeySet?> ReadAsync(long known);

    /// <summary>As <see cref="IKeyStore.WriteAsync"/>.</summary>
    [Alias("write")]
    Task<KeyWrite> WriteAsync(long version, string id, string? content);
}
