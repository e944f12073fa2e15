using System.Collections.Concurrent;
using Armada.Core.Engine;
using Armada.Core.Topics;
using Armada.Grains;
using Armada.Grains.Devices;
using Armada.Grains.Fleet;
using Armada.Grains.Robots;
using Armada.Silo.Telemetry;

namespace Armada.Silo.Engine;

/// <summary>Every robot, in whichever silo it runs: one grain each.</summary>
internal sealed partial class OrleansEngine(
    IGrainFactory grains,
    RobotSubscriptions subscriptions,
    IStoreHealth store,
    SiloTelemetry telemetry,
    ILogger<OrleansEngine> logger,
    ISiloStatusOracle? silos = null) : IRobotEngine // A gateway is no silo.
{
    private static readonly TimeSpan ListWithin = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, RobotSnapshot> lastRead = new(StringComparer.Ordinal);

    private IRobotObserver Self => subscriptions.Self;

    private IFleetGrain Fleet => grains.GetGrain<IFleetGrain>(IFleetGrain.Key);

    public async ValueTask<RobotReply> CreateAsync(string id, RobotModel model, RoomName? room, CancellationToken cancellation)
    {
        if (!DeviceName.IsValid(id))
            return new RobotReply(new Refusal(RefusalReason.Invalid, $"'{id}' is no robot id"), null);
        var reply = await AskAsync("create", id, robot => robot.CreateAsync(Self, model, room), cancellation);
        if (reply.Refused?.Reason != RefusalReason.NotStored || !store.IsReached || silos is null || silos.GetApproximateSiloStatuses(onlyActive: true).Count == 1)
            return reply;

        // This silo reaches storage, so the silo of the robot or of the directory may be cut off from it: they come here.
        return await AskAsync(
            "create",
            id,
            async robot =>
            {
                await Task.WhenAll(Fleet.MoveAsync(silos.SiloAddress), robot.MoveAsync(silos.SiloAddress));
                return await robot.CreateAsync(Self, model, room);
            },
            cancellation);
    }

    public async ValueTask<RobotSnapshot?> GetAsync(string id, CancellationToken cancellation) =>
        DeviceName.IsValid(id) ? await ReadAsync(id, cancellation) : null;

    public async ValueTask<IReadOnlyList<RobotSnapshot>> ListAsync(CancellationToken cancellation)
    {
        var directory = await ReadFleetAsync(cancellation);
        var all = await Task.WhenAll(directory.Robots.Select(robot => TryReadAsync(robot, cancellation)));
        foreach (var gone in lastRead.Keys.Except(directory.Robots))
            lastRead.TryRemove(gone, out _);
        return [.. all.OfType<RobotSnapshot>()];
    }

    public ValueTask<RobotReply> DeleteAsync(string id, CancellationToken cancellation) =>
        AskAsync("delete", id, robot => robot.DeleteAsync(Self), cancellation);

    public ValueTask<RobotReply> ApplyAsync(string id, RobotRequest request, CancellationToken cancellation) => request switch
    {
        RobotRequest.BindMaster bind => BindAsync(id, bind.Device, request, cancellation),
        RobotRequest.BindSlave { Slave.IsDevice: true } bind => BindAsync(id, bind.Slave.Name, request, cancellation),
        RobotRequest.FleetStop => throw new ArgumentException("a fleet stop is asked of all robots", nameof(request)),
        _ => AskAsync(request.GetType().Name, id, robot => robot.AskAsync(Self, request), cancellation),
    };

    public async ValueTask<RobotReply> ConnectAsync(string id, IRobotSession session, CancellationToken cancellation)
    {
        if (!DeviceName.IsValid(id))
            return Unknown(id);
        try
        {
            return await subscriptions.ConnectAsync(id, session, cancellation);
        }
        catch (EngineUnreachableException unreachable)
        {
            return new RobotReply(new Refusal(RefusalReason.Unreachable, unreachable.Message), null);
        }
    }

    public ValueTask DisconnectAsync(string id, IRobotSession session, string reason) => subscriptions.DisconnectAsync(id, session, reason);

    public async ValueTask<Refusal?> SetFleetStopAsync(bool stopped, CancellationToken cancellation)
    {
        using var activity = telemetry.Activities.StartActivity(stopped ? "fleet-stop" : "fleet-reset");
        try
        {
            return await (stopped ? Fleet.StopAsync(Self) : Fleet.ResetAsync(Self)).AnswerAsync("the fleet", cancellation);
        }
        catch (EngineUnreachableException unreachable)
        {
            return new Refusal(RefusalReason.Unreachable, unreachable.Message);
        }
    }

    public async ValueTask<bool> IsFleetStoppedAsync(CancellationToken cancellation) => (await ReadFleetAsync(cancellation)).Latch.Stopped;

    private static RobotReply Unknown(string id) => new(new Refusal(RefusalReason.UnknownRobot, $"there is no robot {id}"), null);

    private ValueTask<RobotReply> BindAsync(string id, string device, RobotRequest request, CancellationToken cancellation) =>
        DeviceName.IsValid(device)
            ? AskAsync(request.GetType().Name, id, _ => grains.GetGrain<IDeviceGrain>(device).BindAsync(Self, id, request), cancellation)
            : AskAsync(request.GetType().Name, id, robot => robot.AskAsync(Self, request), cancellation); // The robot says what is wrong with it.

    private async ValueTask<RobotReply> AskAsync(string what, string id, Func<IRobotGrain, Task<RobotReply>> ask, CancellationToken cancellation)
    {
        if (!DeviceName.IsValid(id))
            return Unknown(id);
        using var activity = telemetry.Activities.StartActivity($"robot {what}")?.SetTag("armada.robot", id);
        try
        {
            var reply = await ask(grains.GetGrain<IRobotGrain>(id)).AnswerAsync(id, cancellation);
            telemetry.CountRequest(what, reply.Refused?.Reason);
            return reply;
        }
        catch (EngineUnreachableException unreachable)
        {
            activity?.AddException(unreachable);
            LogUnreachable(what, id, unreachable.InnerException?.GetType().Name);
            telemetry.CountRequest(what, RefusalReason.Unreachable);
            return new RobotReply(new Refusal(RefusalReason.Unreachable, unreachable.Message), null);
        }
    }

    private async Task<RobotSnapshot?> TryReadAsync(string id, CancellationToken cancellation)
    {
        try
        {
            var read = grains.GetGrain<IRobotGrain>(id).ReadAsync();
            await read.Within(ListWithin, cancellation);
            if (await read is { } robot)
                return lastRead[id] = robot;
            lastRead.TryRemove(id, out _);
            return null;
        }
        catch (Exception fault) when (GrainCalls.IsTransient(fault))
        {
            return lastRead.TryGetValue(id, out var last) ? last with { IsReachable = false } : RobotSnapshot.Unknown(id);
        }
    }

    private Task<RobotSnapshot?> ReadAsync(string id, CancellationToken cancellation) =>
        grains.GetGrain<IRobotGrain>(id).ReadAsync().AnswerAsync(id, cancellation);

    private Task<FleetDirectory> ReadFleetAsync(CancellationToken cancellation) =>
        Fleet.ReadAsync().AnswerAsync("the fleet's directory", cancellation);

    [LoggerMessage(1665, LogLevel.Information, "'{What}' of {Robot} has no answer: {Cause}")]
    private partial void LogUnreachable(string what, string robot, string? cause);
}
