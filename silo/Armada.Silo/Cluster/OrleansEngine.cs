using System.Diagnostics;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Core.Topics;
using Armada.Grains.Devices;
using Armada.Grains.Fleet;
using Armada.Grains.Robots;

namespace Armada.Silo.Cluster;

/// <summary>The robots of the whole cluster, whichever silo hosts them: one grain each.</summary>
internal sealed class OrleansEngine(IGrainFactory grains, Door door) : IRobotEngine
{
    private static readonly ActivitySource Activities = new("Armada.Silo.Orleans");

    private IFleetGrain Fleet => grains.GetGrain<IFleetGrain>(IFleetGrain.Key);

    /// <inheritdoc/>
    public ValueTask<RobotReply> CreateAsync(string id, RobotModel model, RoomName? room, CancellationToken cancellation) =>
        DeviceName.IsValid(id)
            ? AskAsync("create", id, robot => robot.CreateAsync(door.Id, model, room), cancellation)
            : new(new RobotReply(new Refusal(RefusalReason.Invalid, $"'{id}' is no robot id"), null));

    /// <inheritdoc/>
    public async ValueTask<RobotSnapshot?> GetAsync(string id, CancellationToken cancellation) =>
        DeviceName.IsValid(id) ? await LookAsync(id, cancellation) : null;

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<RobotSnapshot>> ListAsync(CancellationToken cancellation)
    {
        var roll = await RollAsync(cancellation);
        var all = await Task.WhenAll(roll.Robots.Select(robot => LookAsync(robot, cancellation)));
        return [.. all.OfType<RobotSnapshot>()];
    }

    /// <inheritdoc/>
    public ValueTask<RobotReply> DeleteAsync(string id, CancellationToken cancellation) =>
        AskAsync("delete", id, robot => robot.DeleteAsync(door.Id), cancellation);

    /// <inheritdoc/>
    public ValueTask<RobotReply> ApplyAsync(string id, RobotRequest request, CancellationToken cancellation) => request switch
    {
        RobotRequest.Stop => AskAsync("stop", id, robot => robot.StopAsync(door.Id), cancellation),
        RobotRequest.BindMaster bind => BindAsync(id, bind.Device, request, cancellation),
        RobotRequest.BindSlave { Slave.IsDevice: true } bind => BindAsync(id, bind.Slave.Name, request, cancellation),
        RobotRequest.FleetStop => throw new ArgumentException("a fleet stop is asked of all robots", nameof(request)),
        _ => AskAsync(request.GetType().Name, id, robot => robot.AskAsync(door.Id, request), cancellation),
    };

    /// <inheritdoc/>
    public async ValueTask<RobotReply> ConnectAsync(string id, IRobotSession party, CancellationToken cancellation)
    {
        if (!DeviceName.IsValid(id))
            return Unknown(id);
        try
        {
            return await door.EnterAsync(id, party, cancellation);
        }
        catch (Exception fault) when (TransientErrors.Is(fault))
        {
            return TransientErrors.Answer(id).Reply;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisconnectAsync(string id, IRobotSession party, string reason) => door.LeaveAsync(party, reason);

    /// <inheritdoc/>
    public async ValueTask<Refusal?> SetFleetStopAsync(bool stopped, CancellationToken cancellation)
    {
        using var activity = Activities.StartActivity(stopped ? "fleet-stop" : "fleet-reset");
        try
        {
            var reply = await (stopped ? Fleet.StopAsync(door.Id) : Fleet.ResetAsync(door.Id)).UntilAsync(cancellation);
            await door.SettleAsync(reply.Told, cancellation);
            return reply.Refused;
        }
        catch (Exception fault) when (TransientErrors.Is(fault))
        {
            return TransientErrors.Answer("the fleet").Reply.Refused;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> IsFleetStoppedAsync(CancellationToken cancellation) => (await RollAsync(cancellation)).Latch.Stopped;

    private static RobotReply Unknown(string id) => new(new Refusal(RefusalReason.UnknownRobot, $"there is no robot {id}"), null);

    private ValueTask<RobotReply> BindAsync(string id, string device, RobotRequest request, CancellationToken cancellation) =>
        DeviceName.IsValid(device)
            ? AskAsync(request.GetType().Name, id, _ => grains.GetGrain<IDeviceGrain>(device).BindAsync(door.Id, id, request), cancellation)
            : AskAsync(request.GetType().Name, id, robot => robot.AskAsync(door.Id, request), cancellation); // The robot says what is wrong with it.

    private async ValueTask<RobotReply> AskAsync(string what, string id, Func<IRobotGrain, Task<DoorReply>> ask, CancellationToken cancellation)
    {
        if (!DeviceName.IsValid(id))
            return Unknown(id);
        using var activity = Activities.StartActivity($"robot {what}")?.SetTag("armada.robot", id);
        try
        {
            var reply = await ask(grains.GetGrain<IRobotGrain>(id)).UntilAsync(cancellation);
            await door.SettleAsync(reply.Told, cancellation);
            return reply.Reply;
        }
        catch (Exception fault) when (TransientErrors.Is(fault))
        {
            activity?.AddException(fault);
            return TransientErrors.Answer(id).Reply;
        }
    }

    private async Task<RobotSnapshot?> LookAsync(string id, CancellationToken cancellation)
    {
        try
        {
            return await grains.GetGrain<IRobotGrain>(id).LookAsync().UntilAsync(cancellation);
        }
        catch (Exception fault) when (TransientErrors.Is(fault))
        {
            throw TransientErrors.Throw(id, fault);
        }
    }

    private async Task<FleetDirectory> RollAsync(CancellationToken cancellation)
    {
        try
        {
            return await Fleet.RollAsync().UntilAsync(cancellation);
        }
        catch (Exception fault) when (TransientErrors.Is(fault))
        {
            throw TransientErrors.Throw("the fleet's directory", fault);
        }
    }
}
