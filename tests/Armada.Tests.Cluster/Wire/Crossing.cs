using Armada.Core.Robots;
using Armada.Grains.State;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Armada.Tests.Cluster.Wire;

/// <summary>The serializer as a silo has it.</summary>
internal static class Crossing
{
    private static readonly ServiceProvider Provider =
        new ServiceCollection().AddSerializer(builder => builder.AddAssembly(typeof(RobotState).Assembly)).BuildServiceProvider();

    public static Serializer Serializer { get; } = Provider.GetRequiredService<Serializer>();

    public static DeepCopier Copier { get; } = Provider.GetRequiredService<DeepCopier>();

    /// <summary>Every serializable value of Core.</summary>
    public static Type[] Values { get; } =
    [
        .. typeof(RobotRequest).Assembly.GetTypes()
            .Where(type => type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false))
            .OrderBy(type => type.FullName, StringComparer.Ordinal),
    ];

    /// <summary>A value as an argument or result of that declared type, on the other side.</summary>
    public static T Cross<T>(T value) => Serializer.Deserialize<T>(Serializer.SerializeToArray(value))!;
}
