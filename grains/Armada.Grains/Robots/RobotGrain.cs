using System.Collections.Immutable;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Grains.Fleet;
using Armada.Grains.State;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Armada.Grains.Robots;

/// <summary>
/// Decides where one robot runs, loads and stores its document, and passes what is asked to its <see cref="RobotRuntime"/>, which has the
/// only queue. Samples reach the runtime without a grain call.
/// </summary>
/// <remarks>
/// Where two of them live for a moment, the document's version in storage lets only one write; the other ends at its next write,
/// and what it still commands carries an older epoch.
/// </remarks>
[GrainType("armada.robot"), KeepAlive, Reentrant, HashBasedPlacement, Immovable]
public sealed partial class RobotGrain : Grain, IRobotGrain, IRobotStorage, IDisposable
{
    private static readonly TimeSpan Sweep = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastWordsWithin = TimeSpan.FromSeconds(1);

    private readonly HostedRobots robots;
    private readonly IStoreHealth health;
    private readonly TimeProvider time;
    private readonly ILogger<RobotGrain> logger;
    private readonly StoredState<RobotState> stored;
    private readonly SemaphoreSlim changing = new(1); // Held while the robot is loaded, made or removed.
    private readonly Dictionary<IRobotObserver, SubscriberQueue> subscribers = [];
    private RobotRuntime? robot;
    private FleetLatch latch = new(false, long.MinValue);
    private bool isLoaded;

    /// <summary>Made by Orleans.</summary>
    public RobotGrain(HostedRobots robots, IStoreHealth health, TimeProvider time, ILogger<RobotGrain> logger)
    {
        (this.robots, this.health, this.time, this.logger) = (robots, health, time, logger);
        stored = new StoredState<RobotState>(GrainContext, "robot");
    }

    string? IRobotStorage.Obstacle => health.IsReached ? null : GrainStores.Unreachable;

    private string Id => this.GetPrimaryKeyString();

    private IFleetGrain Fleet => GrainFactory.GetGrain<IFleetGrain>(IFleetGrain.Key);

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        this.RegisterGrainTimer(DropLostSubscribersAsync, new GrainTimerCreationOptions(Sweep, Sweep) { Interleave = true });
        try
        {
            await LoadAsync();
        }
        catch (Exception unreachable)
        {
            LogNotLoaded(unreachable, Id); // Whatever is asked tries again, and says what it means for that request.
        }
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (robot is null)
            return;
        LogLeaving(Id, reason.ReasonCode);
        foreach (var queue in subscribers.Values)
            queue.DisconnectAll($"robot {Id} was lost from sight");
        var delivered = Task.WhenAll(subscribers.Values.Select(queue => queue.WaitForDelivery()));
        await Task.WhenAny(delivered, Task.Delay(LastWordsWithin, time, CancellationToken.None));
        await robot.DisposeAsync();
        foreach (var queue in subscribers.Values)
            queue.Close();
    }

    public void Dispose() => changing.Dispose();

    public async Task<RobotReply> CreateAsync(IRobotObserver observer, RobotModel model, RoomName? room)
    {
        try
        {
            await LoadAsync();
        }
        catch (Exception unreachable)
        {
            LogNotLoaded(unreachable, Id);
            DeactivateOnIdle();
            return NotStored(GrainStores.Unreachable);
        }

        await changing.WaitAsync();
        try
        {
            var reply = robot is null ? await MakeAsync(model, room) : await MakeAgainAsync(robot, model);
            return await AnswerAsync(observer, reply);
        }
        finally
        {
            changing.Release();
        }
    }

    public async Task<RobotReply> DeleteAsync(IRobotObserver observer)
    {
        await LoadAsync();
        await changing.WaitAsync();
        try
        {
            return robot is null ? Unknown() : await AnswerAsync(observer, await RemoveAsync(robot));
        }
        finally
        {
            changing.Release();
        }
    }

    public async Task<RobotSnapshot?> ReadAsync()
    {
        await LoadAsync();
        return robot is null ? Unknown().Robot : await robot.ReadAsync(CancellationToken.None);
    }

    public async Task<RobotReply> AskAsync(IRobotObserver observer, RobotRequest request)
    {
        await LoadAsync();
        return robot is null ? Unknown() : await AnswerAsync(observer, await robot.AskAsync(request, CancellationToken.None));
    }

    public async Task<RobotReply> CheckAsync(RobotRequest request)
    {
        await LoadAsync();
        return robot is null ? Unknown() : await robot.CheckAsync(request, CancellationToken.None);
    }

    public async Task SetFleetStopAsync(IRobotObserver observer, FleetLatch latch)
    {
        await LoadAsync();
        if (Learn(latch) && robot is not null)
            await AnswerAsync(observer, await robot.AskAsync(new RobotRequest.FleetStop(latch.Stopped), CancellationToken.None));
    }

    public async Task<RobotReply> ConnectAsync(IRobotObserver observer, long session, string name)
    {
        await LoadAsync();
        if (robot is null)
            return Unknown();
        if (!subscribers.TryGetValue(observer, out var queue))
            subscribers[observer] = queue = new SubscriberQueue(observer, time, lost => LogNotDelivered(lost, Id));
        var connected = queue.Add(session, name);
        var reply = await robot.ConnectAsync(connected, CancellationToken.None);
        if (reply.Refused is not null)
            queue.Remove(session);
        return await AnswerAsync(observer, reply);
    }

    public async Task DisconnectAsync(IRobotObserver observer, long session, string reason)
    {
        if (robot is null || !subscribers.TryGetValue(observer, out var queue) || queue.Remove(session) is not { } gone)
            return;
        await robot.DisconnectAsync(gone, reason);
        await queue.WaitForDelivery();
    }

    public async Task<ImmutableArray<long>> RenewAsync(IRobotObserver observer, ImmutableArray<long> sessions, long last)
    {
        if (robot is null || !subscribers.TryGetValue(observer, out var queue))
            return sessions;
        var unknown = queue.Renew(sessions);
        await Task.WhenAll(queue.RemoveOthers(sessions, last).Select(left => robot.DisconnectAsync(left, "its silo does not know it")));
        await queue.WaitForDelivery(); // Those that were disconnected hear the reason first.
        return unknown;
    }

    public async Task EnsureRunningAsync()
    {
        await LoadAsync();
        if (robot is null)
            Unknown();
    }

    public Task MoveAsync(SiloAddress to)
    {
        if (to.Equals(GrainContext.Address.SiloAddress))
            return Task.CompletedTask;
        RequestContext.Set(IPlacementDirector.PlacementHintKey, to);
        MigrateOnIdle();
        return Task.CompletedTask;
    }

    async ValueTask<string?> IRobotStorage.SaveAsync(RobotDocument document) => await stored.WriteAsync(new RobotState { Document = document });

    private async Task LoadAsync()
    {
        if (isLoaded)
            return;
        await changing.WaitAsync();
        try
        {
            if (isLoaded)
                return;
            await stored.ReadAsync(state => state.Document is { } document ? RobotDocumentRules.FindProblem(document, Id) : null);
            if (stored.Value.Document is { } document)
            {
                Learn((await Fleet.RegisterAsync(Id)).Latch);
                await StartAsync(document);
            }

            if (stored.WasSetAside)
                await Fleet.ForgetAsync(Id);
            isLoaded = true;
        }
        finally
        {
            changing.Release();
        }
    }

    private async Task StartAsync(RobotDocument document)
    {
        try
        {
            robot = robots.Start(document, latch.Stopped, this);
            LogStarted(Id, document.Epoch, document.Version);
        }
        catch (Exception refused)
        {
            await stored.SetAsideAsync(refused.Message);
        }
    }

    private async Task<RobotReply> MakeAsync(RobotModel model, RoomName? room)
    {
        FleetEntry entry;
        try
        {
            entry = await Fleet.RegisterAsync(Id);
        }
        catch (Exception unreachable) when (unreachable is OrleansException or TimeoutException)
        {
            LogNotLoaded(unreachable, Id);
            return NotStored("the fleet's directory cannot be reached; ask again in a few seconds");
        }

        if (entry.Refused is not null)
            return new RobotReply(entry.Refused, null);
        var document = new RobotDocument(Id, model, null, ImmutableArray<SlaveBinding>.Empty, 0, false, 1, room);
        if (await stored.WriteAsync(new RobotState { Document = document }) is { } failure)
            return NotStored(failure);
        Learn(entry.Latch);
        robot = robots.Start(document, latch.Stopped, this);
        LogCreated(Id, model.Name);
        return new RobotReply(null, await robot.ReadAsync(CancellationToken.None));
    }

    private static async Task<RobotReply> MakeAgainAsync(RobotRuntime robot, RobotModel model)
    {
        var snapshot = await robot.ReadAsync(CancellationToken.None);
        return new RobotReply(
            snapshot.Document.Model == model ? null : new(RefusalReason.RobotExists, $"robot {robot.Id} exists with other joints; PUT it to change them"),
            snapshot);
    }

    private async Task<RobotReply> RemoveAsync(RobotRuntime removed)
    {
        var document = (await removed.ReadAsync(CancellationToken.None)).Document;
        foreach (var unbinding in Unbindings(document))
        {
            var reply = await removed.AskAsync(unbinding, CancellationToken.None);
            if (reply.Refused is not null)
                return reply;
        }

        // The robot ends first: what it did after the deletion would store it again.
        robot = null;
        await removed.DisposeAsync();
        var last = await removed.ReadAsync(CancellationToken.None);
        if (await stored.ClearAsync() is { } failure)
        {
            robot = robots.Start(last.Document, latch.Stopped, this);
            return NotStored(failure) with { Robot = last };
        }

        await Fleet.ForgetAsync(Id);
        LogDeleted(Id);
        return new RobotReply(null, last);
    }

    private static IEnumerable<RobotRequest> Unbindings(RobotDocument document)
    {
        if (document.Master is { Kind: MasterKind.Device })
            yield return new RobotRequest.UnbindMaster();
        foreach (var slave in document.Slaves.Where(slave => slave.IsDevice))
            yield return new RobotRequest.UnbindSlave(slave.Name);
    }

    private async Task<RobotReply> AnswerAsync(IRobotObserver observer, RobotReply reply)
    {
        if (subscribers.TryGetValue(observer, out var queue))
            await queue.WaitForDelivery();
        return reply;
    }

    private Task DropLostSubscribersAsync(CancellationToken cancellation) =>
        Task.WhenAll(subscribers.Values.Where(queue => queue.IsLost).ToArray().Select(DropAsync));

    private async Task DropAsync(SubscriberQueue queue)
    {
        if (subscribers.GetValueOrDefault(queue.Observer) == queue)
            subscribers.Remove(queue.Observer);
        var sessions = queue.Close();
        if (sessions.Count == 0 || robot is null)
            return;
        LogSubscriberLost(Id, sessions.Count);
        await Task.WhenAll(sessions.Select(session => robot.DisconnectAsync(session, "its silo fell silent")));
    }

    /// <summary>The id is nobody's; whoever asks for it must not fill the memory.</summary>
    private RobotReply Unknown()
    {
        if (changing.CurrentCount > 0)
            DeactivateOnIdle();
        return new RobotReply(new Refusal(RefusalReason.UnknownRobot, $"there is no robot {Id}"), null);
    }

    private static RobotReply NotStored(string failure) => new(new Refusal(RefusalReason.NotStored, $"nothing was changed: {failure}"), null);

    private bool Learn(FleetLatch newer)
    {
        if (newer.Version <= latch.Version)
            return false;
        latch = newer;
        return true;
    }

    [LoggerMessage(1610, LogLevel.Information, "Robot {Robot} created, model {Model}")]
    private partial void LogCreated(string robot, string model);

    [LoggerMessage(1611, LogLevel.Information, "Robot {Robot} removed")]
    private partial void LogDeleted(string robot);

    [LoggerMessage(1612, LogLevel.Information, "Robot {Robot} leaves this silo: {Reason}")]
    private partial void LogLeaving(string robot, DeactivationReasonCode reason);

    [LoggerMessage(1616, LogLevel.Information, "Robot {Robot} runs here from epoch {Epoch}, version {Version}")]
    private partial void LogStarted(string robot, uint epoch, long version);

    [LoggerMessage(1613, LogLevel.Warning, "Robot {Robot} could not be loaded or listed")]
    private partial void LogNotLoaded(Exception unreachable, string robot);

    [LoggerMessage(1614, LogLevel.Warning, "Robot {Robot}: a silo with {Sessions} sessions fell silent; they are disconnected")]
    private partial void LogSubscriberLost(string robot, int sessions);

    [LoggerMessage(1615, LogLevel.Information, "Robot {Robot}: a silo did not take what its sessions were to be told")]
    private partial void LogNotDelivered(Exception lost, string robot);
}
