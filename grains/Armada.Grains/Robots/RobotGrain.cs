using System.Collections.Immutable;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Grains.Fleet;
using Armada.Grains.State;
using Microsoft.Extensions.Logging;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Armada.Grains.Robots;

/// <summary>
/// One robot's place in the cluster and its stored document. The robot itself runs in its silo through <see cref="IRobotHosting"/>, so
/// that samples reach it without a grain call; the grain loads it, gives it what is asked, and writes what it decides.
/// </summary>
/// <remarks>
/// Where two of them live for a moment, the document's version in the store lets only one write; the other ends at its next write,
/// and what it still commands carries an older epoch.
/// </remarks>
[GrainType("armada.robot"), KeepAlive, HashBasedPlacement, Immovable]
public sealed partial class RobotGrain(
    IRobotHosting hosting,
    [PersistentState("robot", GrainStores.Armada)] IPersistentState<RobotState> state,
    IStoreHealth store,
    TimeProvider time,
    ILogger<RobotGrain> logger) : Grain, IRobotGrain
{
    private readonly long life = Random.Shared.NextInt64();
    private IHostedRobot? hosted;
    private bool isBeingMade;
    private FleetLatch latch = new(false, long.MinValue);

    private string Id => this.GetPrimaryKeyString();

    private IFleetGrain Fleet => GrainFactory.GetGrain<IFleetGrain>(IFleetGrain.Key);

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        turns = TaskScheduler.Current;
        if (state.State.Document is { } document)
        {
            Learn((await Fleet.RollAsync().WaitAsync(cancellationToken)).Latch);
            hosted = hosting.Begin(document, latch.Stopped, this);
        }

        this.RegisterGrainTimer(DropSilentDoorsAsync, new GrainTimerCreationOptions(DoorSweep, DoorSweep) { Interleave = true });
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        LogLeaving(Id, reason.ReasonCode);
        CloseDoors();
        if (hosted is not null)
            await hosted.DisposeAsync();
    }

    /// <inheritdoc/>
    public async Task<DoorReply> CreateAsync(string door, RobotModel model, RoomName? room)
    {
        if (hosted is not null)
            return Answer(door, await AgainAsync(hosted, model));
        isBeingMade = true; // Who looks meanwhile finds nothing yet, and must not end the grain for that.
        try
        {
            return await MakeAsync(door, model, room);
        }
        finally
        {
            isBeingMade = false;
        }
    }

    /// <inheritdoc/>
    public async Task<DoorReply> DeleteAsync(string door)
    {
        if (hosted is null)
            return None();
        var robot = (await hosted.LookAsync(CancellationToken.None)).Robot!;
        foreach (var unbinding in Unbindings(robot.Document))
        {
            var reply = await hosted.AskAsync(unbinding, CancellationToken.None);
            if (reply.Refused is not null)
                return Answer(door, reply);
        }

        // The robot ends first: a turn of it after the deletion would store it again.
        robot = (await hosted.LookAsync(CancellationToken.None)).Robot!;
        await hosted.DisposeAsync();
        hosted = null;
        if (await ClearAsync() is { } failure)
        {
            hosted = hosting.Begin(robot.Document, latch.Stopped, this);
            return Answer(door, new RobotReply(new Refusal(RefusalReason.NotStored, $"nothing was changed: {failure}"), robot));
        }

        await Fleet.ForgetAsync(Id);
        LogDeleted(Id);
        return Answer(door, new RobotReply(null, robot));
    }

    /// <inheritdoc/>
    public async Task<RobotSnapshot?> LookAsync() =>
        hosted is null ? None().Reply.Robot : (await hosted.LookAsync(CancellationToken.None)).Robot;

    /// <inheritdoc/>
    public async Task<DoorReply> AskAsync(string door, RobotRequest request) =>
        hosted is null ? None() : Answer(door, await hosted.AskAsync(request, CancellationToken.None));

    /// <inheritdoc/>
    public Task<DoorReply> AskForDeviceAsync(string door, RobotRequest request) => AskAsync(door, request);

    /// <inheritdoc/>
    public async Task<RobotReply> CheckAsync(RobotRequest request) =>
        hosted is null ? None().Reply : await hosted.CheckAsync(request, CancellationToken.None);

    /// <inheritdoc/>
    public Task<DoorReply> StopAsync(string door) => AskAsync(door, new RobotRequest.Stop());

    /// <inheritdoc/>
    public async Task<Told?> FollowFleetAsync(string door, FleetLatch latch)
    {
        if (!Learn(latch) || hosted is null)
            return null;
        await hosted.AskAsync(new RobotRequest.FleetStop(latch.Stopped), CancellationToken.None);
        return ToldOf(door);
    }

    /// <inheritdoc/>
    public Task<bool> TakeStateAsync(string device, ReadOnlyMemory<byte> frames) =>
        Task.FromResult(hosting.TakeState(Id, device, frames.Span));

    /// <inheritdoc/>
    public Task WakeAsync()
    {
        if (hosted is null)
            None();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task HandOverAsync(SiloAddress to)
    {
        CloseDoors(); // Who listens must not hold the move up.
        RequestContext.Set(IPlacementDirector.PlacementHintKey, to);
        MigrateOnIdle();
        return Task.CompletedTask;
    }

    private static async Task<RobotReply> AgainAsync(IHostedRobot robot, RobotModel model)
    {
        var reply = await robot.LookAsync(CancellationToken.None);
        return reply.Robot?.Document.Model == model
            ? reply
            : reply with { Refused = new(RefusalReason.RobotExists, $"robot {robot.Id} exists with other joints; PUT it to change them") };
    }

    private static IEnumerable<RobotRequest> Unbindings(RobotDocument document)
    {
        if (document.Master is { Kind: MasterKind.Device })
            yield return new RobotRequest.UnbindMaster();
        foreach (var slave in document.Slaves.Where(slave => slave.IsDevice))
            yield return new RobotRequest.UnbindSlave(slave.Name);
    }

    private async Task<DoorReply> MakeAsync(string door, RobotModel model, RoomName? room)
    {
        var entry = await Fleet.RegisterAsync(Id);
        if (entry.Refused is not null)
            return new DoorReply(new RobotReply(entry.Refused, null), []);
        var document = new RobotDocument(Id, model, null, ImmutableArray<SlaveBinding>.Empty, 0, false, 1, room);
        if (await WriteAsync(document) is { } failure)
            return DoorReply.Refuse(RefusalReason.NotStored, $"nothing was changed: {failure}");
        Learn(entry.Latch);
        hosted = hosting.Begin(document, latch.Stopped, this);
        LogCreated(Id, model.Name);
        return Answer(door, await hosted.LookAsync(CancellationToken.None));
    }

    /// <summary>Nobody's id; whoever asks for it must not fill the memory.</summary>
    private DoorReply None()
    {
        if (!isBeingMade)
            DeactivateOnIdle();
        return DoorReply.Refuse(RefusalReason.UnknownRobot, $"there is no robot {Id}");
    }

    private bool Learn(FleetLatch newer)
    {
        if (newer.Version <= latch.Version)
            return false;
        latch = newer;
        return true;
    }
}
