using System.Collections.Concurrent;
using Armada.Core.Routing;

namespace Armada.Testing.Engine;

/// <summary>What a device is told besides samples.</summary>
public enum OrderKind
{
    /// <summary>To stream, or to accept commands, under an epoch.</summary>
    StartStream,

    /// <summary>The end of that.</summary>
    StopStream,

    /// <summary>To latch its stop.</summary>
    Stop,

    /// <summary>To release its stop.</summary>
    Reset,
}

/// <summary>One order to a device.</summary>
public sealed record Order(string Device, OrderKind Kind, uint Epoch);

/// <summary>One command to a device, or to a party.</summary>
public sealed record Heard(string Slave, SampleStamp Stamp, double[] Positions);

/// <summary>All that the engine under test says to devices, in order; its adapter fills it from any thread.</summary>
public sealed class HeardByDevices
{
    private readonly ConcurrentQueue<Order> orders = new();
    private readonly ConcurrentQueue<Heard> commands = new();

    public IReadOnlyCollection<Order> Orders => orders;

    public IReadOnlyCollection<Heard> Commands => commands;

    public void Add(Order order) => orders.Enqueue(order);

    public void Add(Heard command) => commands.Enqueue(command);

    public int Count(string device, OrderKind kind) => orders.Count(order => order.Device == device && order.Kind == kind);

    public int CommandsOf(string device) => commands.Count(command => command.Slave == device);

    /// <summary>The epoch that a device was told last; 0 before any.</summary>
    public uint EpochOf(string device) =>
        orders.LastOrDefault(order => order.Device == device && order.Kind == OrderKind.StartStream)?.Epoch ?? 0;
}
