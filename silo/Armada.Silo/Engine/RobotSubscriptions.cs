using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;
using Armada.Core.Engine;
using Armada.Grains.Robots;

namespace Armada.Silo.Engine;

/// <summary>
/// This process's sessions at the robots of the cluster. Every robot sends what they are to be told in order; a robot that does not know
/// a session any more, or cannot be asked for too long, is lost from sight, and the session is disconnected.
/// </summary>
internal sealed partial class RobotSubscriptions : BackgroundService, IRobotObserver
{
    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DisconnectWithin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(10); // By then a robot whose silo was lost runs elsewhere.

    private readonly IGrainFactory grains;
    private readonly TimeProvider time;
    private readonly ILogger<RobotSubscriptions> logger;
    private readonly Lazy<IRobotObserver> self;
    private readonly ConcurrentDictionary<long, Subscription> subscriptions = new();
    private readonly Channel<Subscription> failed = Channel.CreateUnbounded<Subscription>(); // Each session fails once.
    private readonly Lock sync = new();
    private long lastNumber; // Changed together with the list, which a renewal sends.
    private volatile bool isClosed;

    public RobotSubscriptions(IGrainFactory grains, TimeProvider time, ILogger<RobotSubscriptions> logger)
    {
        (this.grains, this.time, this.logger) = (grains, time, logger);
        self = new Lazy<IRobotObserver>(() => grains.CreateObjectReference<IRobotObserver>(this));
    }

    public IRobotObserver Self => self.Value;

    /// <exception cref="EngineUnreachableException">The robot cannot be reached; the session is not connected.</exception>
    public async Task<RobotReply> ConnectAsync(string robot, IRobotSession session, CancellationToken cancellation)
    {
        Subscription subscription;
        lock (sync)
        {
            subscription = new Subscription(++lastNumber, robot, session);
            subscriptions[subscription.Number] = subscription; // Before the robot knows it: notifications may be faster than the answer.
        }

        try
        {
            var reply = await grains.GetGrain<IRobotGrain>(robot).ConnectAsync(Self, subscription.Number, session.Name).AnswerAsync(robot, cancellation);
            if (reply.Refused is not null)
                subscriptions.TryRemove(subscription.Number, out _);
            else
                subscription.HeardAt = time.GetTimestamp();
            if (isClosed)
                End(subscription, "this silo ends");
            return reply;
        }
        catch (EngineUnreachableException)
        {
            subscriptions.TryRemove(subscription.Number, out _);
            throw;
        }
    }

    /// <summary>Disconnects a session; nothing where it is not connected.</summary>
    public async ValueTask DisconnectAsync(string robot, IRobotSession session, string reason)
    {
        foreach (var subscription in subscriptions.Values.Where(one => one.Robot == robot && one.Session == session))
        {
            if (subscriptions.TryRemove(subscription.Number, out _))
                await DisconnectAsync(subscription, reason);
        }
    }

    public Task NotifyAsync(ImmutableArray<RobotNotification> notifications)
    {
        foreach (var notification in notifications)
        {
            if (subscriptions.TryGetValue(notification.Session, out var subscription))
                Notify(subscription, notification);
        }

        return Task.CompletedTask;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        isClosed = true;
        var all = subscriptions.Values.ToArray();
        foreach (var subscription in all)
            End(subscription, $"robot {subscription.Robot} was lost from sight: this silo ends");
        var disconnected = Task.WhenAll(all.Select(subscription => DisconnectAsync(subscription, "its silo ends")));
        await Task.WhenAny(disconnected, Task.Delay(DisconnectWithin, time, cancellationToken)); // Robots find out by the silence otherwise.
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(RenewAsync(stoppingToken), DisconnectFailedAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogEnded();
        }
    }

    private async Task RenewAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Renewal, time);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            long last;
            Subscription[] all;
            lock (sync)
                (last, all) = (lastNumber, [.. subscriptions.Values]);
            await Task.WhenAll(all.GroupBy(subscription => subscription.Robot, (robot, here) => RenewAsync(robot, [.. here], last, cancellation)));
        }
    }

    private async Task RenewAsync(string robot, ImmutableArray<Subscription> all, long last, CancellationToken cancellation)
    {
        var connected = all.Where(subscription => subscription.HeardAt is not null).ToArray();
        try
        {
            var renewed = grains.GetGrain<IRobotGrain>(robot).RenewAsync(Self, [.. all.Select(subscription => subscription.Number)], last);
            await renewed.Within(Renewal, cancellation); // A robot that hangs must not hold up the others.
            var unknown = await renewed;
            foreach (var subscription in connected)
            {
                subscription.HeardAt = time.GetTimestamp();
                if (unknown.Contains(subscription.Number))
                    End(subscription, $"robot {robot} was lost from sight");
            }
        }
        catch (Exception fault) when (GrainCalls.IsTransient(fault))
        {
            LogNotRenewed(fault, robot);
            foreach (var subscription in connected.Where(subscription => time.GetElapsedTime(subscription.HeardAt!.Value) > LostAfter))
                End(subscription, $"robot {robot} was lost from sight");
        }
    }

    private async Task DisconnectFailedAsync(CancellationToken cancellation)
    {
        await foreach (var subscription in failed.Reader.ReadAllAsync(cancellation))
            await DisconnectAsync(subscription, "failed");
    }

    private async Task DisconnectAsync(Subscription subscription, string reason)
    {
        try
        {
            await grains.GetGrain<IRobotGrain>(subscription.Robot).DisconnectAsync(Self, subscription.Number, reason);
        }
        catch (Exception fault) when (GrainCalls.IsTransient(fault))
        {
            LogNotDisconnected(fault, subscription.Robot, subscription.Session.Name); // It is missing in the next renewal.
        }
    }

    private void Notify(Subscription subscription, RobotNotification notification)
    {
        try
        {
            if (notification.Event is { } happened)
                subscription.Session.OnEvent(happened);
            else if (notification.Disconnected is { } reason)
                End(subscription, reason);
            else
                subscription.Session.OnCommand(notification.Stamp, notification.Positions.AsSpan());
        }
        catch (Exception fault)
        {
            LogSessionFault(fault, subscription.Robot, subscription.Session.Name);
            End(subscription, $"{subscription.Session.Name} failed and was disconnected from {subscription.Robot}");
            failed.Writer.TryWrite(subscription);
        }
    }

    private void End(Subscription subscription, string reason)
    {
        if (!subscriptions.TryRemove(subscription.Number, out _))
            return;
        try
        {
            subscription.Session.OnGone(reason);
        }
        catch (Exception fault)
        {
            LogSessionFault(fault, subscription.Robot, subscription.Session.Name);
        }
    }

    [LoggerMessage(1660, LogLevel.Error, "{Robot}: session {Session} threw an exception and is disconnected")]
    private partial void LogSessionFault(Exception fault, string robot, string session);

    [LoggerMessage(1661, LogLevel.Debug, "The subscriptions to {Robot} could not be renewed; tried again")]
    private partial void LogNotRenewed(Exception fault, string robot);

    [LoggerMessage(1662, LogLevel.Information, "{Robot} could not be told that {Session} has left")]
    private partial void LogNotDisconnected(Exception fault, string robot, string session);

    [LoggerMessage(1663, LogLevel.Debug, "Subscriptions are no longer renewed")]
    private partial void LogEnded();

    private sealed class Subscription(long number, string robot, IRobotSession session)
    {
        public long Number { get; } = number;
        public string Robot { get; } = robot;
        public IRobotSession Session { get; } = session;

        /// <summary>When the robot last confirmed the session; null until it is connected.</summary>
        public long? HeardAt { get; set; }
    }
}
