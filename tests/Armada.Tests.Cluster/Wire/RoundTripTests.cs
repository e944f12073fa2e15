using System.Reflection;
using Armada.Core.Robots;
using Armada.Grains.Devices;
using Armada.Grains.State;
using FsCheck;
using FsCheck.Fluent;

namespace Armada.Tests.Cluster.Wire;

/// <summary>What is sent is what comes, whichever type the call declares.</summary>
public sealed class RoundTripTests
{
    private static readonly MethodInfo CrossAs = typeof(Crossing).GetMethod(nameof(Crossing.Cross))!;

    public static TheoryData<Type> Values() => [.. Crossing.Values];

    public static TheoryData<Type> States() => [typeof(RobotState), typeof(DeviceState), typeof(DeviceMessage)];

    [Theory]
    [MemberData(nameof(Values))]
    [MemberData(nameof(States))]
    public void A_value_crosses_whole(Type type) => ForAny(type, value => AssertSame(value, Cross(value, type)));

    [Theory]
    [MemberData(nameof(Values))]
    public void A_value_crosses_whole_where_anything_may_come(Type type) => ForAny(type, value => AssertSame(value, Crossing.Cross(value)));

    [Theory]
    [MemberData(nameof(Requests))]
    public void A_request_crosses_whole_where_any_request_may_come(Type type) =>
        ForAny(type, value => AssertSame(value, Crossing.Cross((RobotRequest)value)));

    [Fact]
    public void A_fleet_crosses_whole_and_keeps_its_order()
    {
        var fleet = new FleetState { Stopped = true, Version = long.MaxValue };
        fleet.Robots = fleet.Robots.Union(["b", "B", "a-1", "a", "é"]);

        var crossed = Crossing.Cross(fleet);

        Assert.Equal(Described.Of(fleet), Described.Of(crossed));
        Assert.Equal(["B", "Z", "a", "a-1", "b", "é"], crossed.Robots.Add("Z"));
    }

    [Fact]
    public void What_a_process_has_to_do_with_a_device_crosses_whole()
    {
        var claim = new DeviceClaim(7, true, "machine", [1, 2, 3], true, SiloAddress.New(System.Net.IPAddress.Loopback, 11111, 5), "other");

        var crossed = Crossing.Cross(claim);

        Assert.Equal(claim with { Presence = crossed.Presence }, crossed);
        Assert.True(claim.Presence.SequenceEqual(crossed.Presence));
    }

    [Fact]
    public void A_route_without_processes_crosses_whole()
    {
        var route = new DeviceRoute(Guid.NewGuid(), 3, null, null, null, default);

        Assert.Equal(route, Crossing.Cross(route));
    }

    public static TheoryData<Type> Requests() => [.. Crossing.Values.Where(typeof(RobotRequest).IsAssignableFrom)];

    private static object? Cross(object value, Type declared) => CrossAs.MakeGenericMethod(declared).Invoke(null, [value]);

    private static void ForAny(Type type, Action<object> property) =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => property(Any(type, seed))).QuickCheckThrowOnFailure();

    private static object Any(Type type, int seed)
    {
        var any = new AnyValue(seed);
        return type switch
        {
            _ when type == typeof(RobotState) => new RobotState { Document = seed % 4 == 0 ? null : (RobotDocument)any.Of(typeof(RobotDocument)) },
            _ when type == typeof(DeviceState) =>
                new DeviceState { Claim = seed % 4 == 0 ? null : (Core.Devices.DeviceAssignment)any.Of(typeof(Core.Devices.DeviceAssignment)) },
            _ => any.Of(type),
        };
    }

    private static void AssertSame(object sent, object? came)
    {
        Assert.IsType(sent.GetType(), came);
        Assert.Equal(Described.Of(sent), Described.Of(came));
    }
}
