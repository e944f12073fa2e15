using System.Collections.Concurrent;
using System.Diagnostics;
using Armada.Core.Control;
using Armada.EdgeAgent.Telemetry;

namespace Armada.EdgeAgent.Devices;

/// <summary>Does what the silo's control messages ask, in their order. A stop is latched right here, on the thread that received it;
/// only what needs the bus waits for its next tick.</summary>
internal sealed partial class ControlHandler(Device device, ILogger<ControlHandler> logger)
{
    /// <summary>Does one message; null where the answer comes later, from the bus thread or from what writes files.</summary>
    public ControlReply? Handle(ControlMessage message)
    {
        using var activity = AgentTelemetry.Activities.StartActivity($"control {message.Op}")?.SetTag("device", device.Name);
        LogControl(device.Name, message.Op, message.Epoch, message.Id);
        if (message.Op is ControlOp.Torque or ControlOp.Identify or ControlOp.Recover)
            return device.BusCommands.TryAdd(message) ? null : Refuse(message, "too many control messages wait for the bus; try again");
        if (message.Op is ControlOp.Renew or ControlOp.Certificate)
            return Renew(message);
        return Refusal(message) is { } error ? Refuse(message, error) : new ControlReply(message.Id, Ok: true);
    }

    private ControlReply? Renew(ControlMessage message)
    {
        if (device.Renewal is not { } renewal)
            return Refuse(message, $"'{device.Name}' has no certificate of its own (broker.tls of the agent's configuration), so there is none to renew");
        return renewal.TryAdd(message) ? null : Refuse(message, "too many control messages wait for the certificate's files; try again");
    }

    private string? Refusal(ControlMessage message)
    {
        switch (message.Op)
        {
            case ControlOp.StreamStart or ControlOp.StreamStop:
                return Stream(message);
            case ControlOp.Stop:
                device.Stops.LatchRemote();
                return null;
            case ControlOp.Reset:
                device.Stops.ReleaseRemote();
                return null;
            case ControlOp.Calibrate:
                return "this agent cannot calibrate yet; calibrate with LeRobot and name the file in the agent's configuration";
            default:
                return $"this agent does not know {message.Op}";
        }
    }

    private string? Stream(ControlMessage message)
    {
        if (device.LocalPair is { } pair)
            return $"device '{device.Name}' serves the local pair {pair}; remove that from the agent's configuration first";
        if (message.Epoch is not { } epoch)
            return "epoch is missing";
        if (message.RateHz is { } rate && !(rate is > 0 and <= 1000))
            return $"rate_hz {rate} is out of range; give more than 0, 1000 at most";
        var done = message.Op == ControlOp.StreamStart
            ? device.Stream.TryStart(epoch, message.RateHz)
            : device.Stream.TryStop(epoch);
        return done ? null : $"epoch {epoch} has been superseded; {device.Stream.AnnouncedEpoch} or newer is current";
    }

    private ControlReply Refuse(ControlMessage message, string error)
    {
        Activity.Current?.SetStatus(ActivityStatusCode.Error, error);
        LogRefused(device.Name, message.Op, message.Id, error);
        return new ControlReply(message.Id, Ok: false, error);
    }

    [LoggerMessage(3100, LogLevel.Information, "{Device}: {Op} epoch {Epoch} (control {Id})")]
    private partial void LogControl(string device, ControlOp op, uint? epoch, string id);

    [LoggerMessage(3101, LogLevel.Warning, "{Device}: {Op} refused (control {Id}): {Error}")]
    private partial void LogRefused(string device, ControlOp op, string id, string error);
}

/// <summary>Control messages that need the servo bus: they wait here, in order, for the next tick of the thread that owns it.</summary>
internal sealed class BusCommandQueue
{
    private const int MaxWaiting = 64;
    private readonly ConcurrentQueue<BusCommand> waiting = new();

    /// <summary>Where the answers to messages of the silo go.</summary>
    public Action<ControlReply>? Replied { get; set; }

    /// <param name="reply">Where its answer goes; null for the silo. Called on the bus thread, must not block.</param>
    public bool TryAdd(ControlMessage message, Action<ControlReply>? reply = null)
    {
        if (waiting.Count >= MaxWaiting)
            return false;
        waiting.Enqueue(new BusCommand(message, reply));
        return true;
    }

    public bool TryTake(out BusCommand command) => waiting.TryDequeue(out command);

    public void Reply(in BusCommand command, string? error) =>
        (command.Reply ?? Replied)?.Invoke(new ControlReply(command.Message.Id, error is null, error));

    public void RefuseAll(string error)
    {
        while (TryTake(out var command))
            Reply(command, error);
    }
}

/// <param name="Reply">Where its answer goes; null for the silo.</param>
internal readonly record struct BusCommand(ControlMessage Message, Action<ControlReply>? Reply);
