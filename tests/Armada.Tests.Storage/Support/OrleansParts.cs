using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace Armada.Tests.Storage.Support;

/// <summary>What grain storage needs of Orleans, without a silo.</summary>
internal static class OrleansParts
{
    private static readonly IServiceProvider Services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    public static IGrainStorageSerializer Serializer { get; } =
        new OrleansGrainStorageSerializer(Services.GetRequiredService<Serializer>());

    public static IActivatorProvider Activators { get; } = Services.GetRequiredService<IActivatorProvider>();

    public static GrainId Arm(string key) => GrainId.Create("armada.test-arm", key);
}
