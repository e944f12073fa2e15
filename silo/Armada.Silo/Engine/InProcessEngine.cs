using System.Collections.Concurrent;
using System.Collections.Immutable;
using Armada.Core.Devices;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Core.Topics;
using Armada.Silo.Store;
using Armada.Silo.Telemetry;

namespace Armada.Silo.Engine;

/// <summary>All robots in this process, one cell each.</summary>
internal sealed partial class InProcessEngine : IRobotEngine, IEngineHealth, IAsyncDisposable
{
    private readonly HostedRobots robots;
    private readonly DocumentStore store;
    private readonly SiloTelemetry telemetry;
    private readonly ILogger<InProcessEngine> logger;
    private readonly ConcurrentDictionary<string, RobotRuntime> cells = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim arranging = new(1);
    private readonly SemaphoreSlim latching = new(1);
    private DeviceAssignments claims = DeviceAssignments.None;
    private volatile bool isFleetStopped;
    private volatile bool isLoaded;

    /// <summary>An engine without robots; <see cref="LoadAsync"/> brings them.</summary>
    public InProcessEngine(HostedRobots robots, DocumentStore store, SiloTelemetry telemetry, ILogger<InProcessEngine> logger) =>
        (this.robots, this.store, this.telemetry, this.logger) = (robots, store, telemetry, logger);

    /// <summary>Every cell.</summary>
    public IEnumerable<RobotRuntime> Cells => cells.Select(entry => entry.Value);

    /// <inheritdoc/>
    public EngineHealth Now => new(isLoaded);

    /// <summary>Brings back what was stored.</summary>
    public async Task LoadAsync(CancellationToken cancellation)
    {
        var stored = store.Load();
        isFleetStopped = stored.FleetStopped;
        foreach (var document in stored.Robots)
        {
            var cell = cells[document.Id] = robots.Begin(document, isFleetStopped, store);
            foreach (var conflict in ConflictsOf(document))
            {
                LogConflict(document.Id, conflict.Device, claims.Of(conflict.Device)!);
                await cell.AskAsync(Unbinding(conflict.Device, conflict.Role), cancellation);
            }

            claims = claims.With(document);
        }

        isLoaded = true;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await robots.CloseAsync();
        arranging.Dispose();
        latching.Dispose();
    }

    /// <inheritdoc/>
    public async ValueTask<RobotReply> CreateAsync(string id, RobotModel model, RoomName? room, CancellationToken cancellation)
    {
        using var activity = Begin("create", id);
        if (!DeviceName.IsValid(id))
            return new RobotReply(new Refusal(RefusalReason.Invalid, $"'{id}' is no robot id"), null);
        using var gate = await arranging.EnterAsync(cancellation);
        if (cells.TryGetValue(id, out var existing))
            return await AgainAsync(existing, model, cancellation);

        var document = new RobotDocument(id, model, null, ImmutableArray<SlaveBinding>.Empty, 0, false, 1, room);
        if (await store.SaveAsync(document) is { } failure)
            return new RobotReply(NotStored(failure), null);
        var stopped = isFleetStopped;
        var cell = cells[id] = robots.Begin(document, stopped, store);
        LogCreated(id, model.Name);
        return isFleetStopped == stopped
            ? await cell.LookAsync(cancellation)
            : await cell.AskAsync(new RobotRequest.FleetStop(isFleetStopped), cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask<RobotSnapshot?> GetAsync(string id, CancellationToken cancellation) =>
        cells.TryGetValue(id, out var cell) ? (await cell.LookAsync(cancellation)).Robot : null;

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<RobotSnapshot>> ListAsync(CancellationToken cancellation)
    {
        var all = Cells.OrderBy(cell => cell.Id, StringComparer.Ordinal)
            .Select(cell => cell.LookAsync(cancellation));
        return [.. (await Task.WhenAll(all)).Select(reply => reply.Robot).OfType<RobotSnapshot>()];
    }

    /// <inheritdoc/>
    public async ValueTask<RobotReply> DeleteAsync(string id, CancellationToken cancellation)
    {
        using var activity = Begin("delete", id);
        using var gate = await arranging.EnterAsync(cancellation);
        if (!cells.TryGetValue(id, out var cell))
            return Unknown(id);
        var robot = (await cell.LookAsync(cancellation)).Robot!;
        foreach (var (device, role) in BindingsOf(robot.Document))
        {
            var reply = await cell.AskAsync(Unbinding(device, role), CancellationToken.None);
            if (reply.Refused is not null)
                return reply;
        }

        // The cell ends first: a turn of it after the deletion would store the robot again.
        cells.TryRemove(id, out _);
        robot = (await cell.LookAsync(CancellationToken.None)).Robot!;
        await cell.DisposeAsync();
        try
        {
            await store.DeleteAsync(id, CancellationToken.None);
        }
        catch (NotStoredException failed)
        {
            cells[id] = robots.Begin(robot.Document, isFleetStopped, store);
            return new RobotReply(NotStored(failed.Message), robot);
        }

        claims = claims.Without(id);
        LogDeleted(id);
        return new RobotReply(null, robot);
    }

    /// <inheritdoc/>
    public async ValueTask<RobotReply> ApplyAsync(string id, RobotRequest request, CancellationToken cancellation)
    {
        using var activity = Begin(request.GetType().Name, id);
        if (!cells.TryGetValue(id, out var cell))
            return Unknown(id);
        return request switch
        {
            RobotRequest.BindMaster bind => await BindAsync(cell, bind.Device, DeviceRole.Master, bind.Takeover, request, cancellation),
            RobotRequest.BindSlave { Slave.IsDevice: true } bind => await BindAsync(cell, bind.Slave.Name, DeviceRole.Slave, bind.Takeover, request, cancellation),
            RobotRequest.UnbindMaster or RobotRequest.UnbindSlave
                or RobotRequest.AttachRemote { Takeover: true } or RobotRequest.Play { Takeover: true } =>
                await RearrangeAsync(cell, request, cancellation),
            RobotRequest.FleetStop => throw new ArgumentException("a fleet stop is asked of all robots", nameof(request)),
            _ => await cell.AskAsync(request, cancellation),
        };
    }

    /// <inheritdoc/>
    public async ValueTask<RobotReply> ConnectAsync(string id, IRobotSession party, CancellationToken cancellation) =>
        cells.TryGetValue(id, out var cell) ? await cell.ConnectAsync(party, cancellation) : Unknown(id);

    /// <inheritdoc/>
    public async ValueTask DisconnectAsync(string id, IRobotSession party, string reason)
    {
        if (cells.TryGetValue(id, out var cell))
            await cell.DisconnectAsync(party, reason);
    }

    private static async ValueTask<RobotReply> AgainAsync(RobotRuntime cell, RobotModel model, CancellationToken cancellation)
    {
        var reply = await cell.LookAsync(cancellation);
        var held = reply.Robot!.Document.Model;
        return held.Name == model.Name && held.Joints.SequenceEqual(model.Joints)
            ? reply
            : reply with { Refused = new(RefusalReason.RobotExists, $"robot {cell.Id} exists with other joints; PUT it to change them") };
    }

    private System.Diagnostics.Activity? Begin(string what, string robot) =>
        telemetry.Activities.StartActivity($"robot {what}")?.SetTag("armada.robot", robot);

    private static RobotReply Unknown(string id) => new(new Refusal(RefusalReason.UnknownRobot, $"there is no robot {id}"), null);

    private static Refusal NotStored(string failure) => new(RefusalReason.NotStored, $"nothing was changed: {failure}");
}
