using System.Collections.Immutable;
using Armada.Core.Engine;
using Armada.Grains.Identities;
using Armada.Silo.Engine;
using Armada.Silo.Options;

namespace Armada.Silo.Identities.Registry;

/// <summary>
/// This process's copy of the registry, by which devices are admitted: it is told of each change, and asks every half a second whether
/// anything was missed. While the registry cannot be reached, the copy stays as it was last known.
/// </summary>
internal sealed partial class IdentityCopy : PeriodicService, IIdentityObserver
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly IGrainFactory grains;
    private readonly LocalAuthorities authorities;
    private readonly TimeProvider time;
    private readonly ILogger<IdentityCopy> logger;
    private readonly Lazy<IIdentityObserver> self;
    private readonly Lock sync = new();
    private volatile KnownIdentities known = KnownIdentities.None;
    private bool isLost;

    public IdentityCopy(IGrainFactory grains, LocalAuthorities authorities, TimeProvider time, ILogger<IdentityCopy> logger)
        : base(TimeSpan.FromMilliseconds(500), time, logger)
    {
        (this.grains, this.authorities, this.time, this.logger) = (grains, authorities, time, logger);
        self = new Lazy<IIdentityObserver>(() => grains.CreateObjectReference<IIdentityObserver>(this));
    }

    /// <summary>Called after each change; ends the connections that are admitted no longer.</summary>
    public Func<Task>? Changed { get; set; }

    public KnownIdentities Now => known;

    public IIdentityGrain Registry => grains.GetGrain<IIdentityGrain>(IIdentityGrain.Key);

    /// <summary>Waits until the registry was read, so that no device is refused for want of it.</summary>
    /// <exception cref="SiloOptionsException">This silo was given an authority that is not the cluster's.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        while (!await TryBeginAsync(cancellationToken))
            await Task.Delay(Pause, time, cancellationToken);
        LogLoaded(known.Devices.Count());
        await base.StartAsync(cancellationToken);
    }

    public async Task ChangeAsync(IdentityChange change)
    {
        lock (sync)
        {
            if (known.Has(change.Version))
                return;
            known = known.Next(change) ?? known;
        }

        if (known.Has(change.Version))
            await EndRefusedAsync();
        else
            await FollowAsync(CancellationToken.None);
    }

    /// <summary>Waits until everything up to a version is known here.</summary>
    /// <exception cref="EngineUnreachableException">The registry cannot be asked.</exception>
    public Task CatchUpAsync(IdentityVersion version, CancellationToken cancellation) => known.Has(version) ? Task.CompletedTask : FollowAsync(cancellation);

    protected override async Task RunOnceAsync(CancellationToken cancellation)
    {
        try
        {
            await FollowAsync(cancellation);
            if (isLost)
                LogFound();
            isLost = false;
        }
        catch (EngineUnreachableException lost)
        {
            if (!isLost)
                LogLost(lost.Message);
            isLost = true;
        }
    }

    private async Task<bool> TryBeginAsync(CancellationToken cancellation)
    {
        try
        {
            if (!authorities.All.IsEmpty)
                await IntroduceAsync(cancellation);
            await FollowAsync(cancellation);
            return true;
        }
        catch (EngineUnreachableException lost)
        {
            LogWaiting(lost.Message);
            return false;
        }
    }

    private async Task IntroduceAsync(CancellationToken cancellation)
    {
        var given = authorities.All.Select(its => new KnownAuthority(its.Id, its.Certificate.Name, its.Certificate.Pem)).ToImmutableArray();
        var reply = await Registry.IntroduceAsync(given, authorities.AreOwn).AnswerAsync("the registry of devices", cancellation);
        if (reply.Failure is { } failure)
            throw new EngineUnreachableException(failure);
        if (reply.Refused is not null)
        {
            throw new SiloOptionsException(
                $"'{authorities.All[0].Folder.Path}' holds {NamesOf(given)}, and the cluster's authority is {NamesOf(reply.All.Where(one => !one.IsRetired))}: "
                + "give every silo the same one with --authority");
        }

        foreach (var retired in reply.All.Where(one => one.IsRetired && given.Any(its => its.Id == one.Id)))
            LogRetired(retired.Name);
    }

    private static string NamesOf(IEnumerable<KnownAuthority> authorities) => string.Join(" and ", authorities.Select(one => $"{one.Name} (SHA-256 {one.Id[..16]})"));

    private async Task FollowAsync(CancellationToken cancellation)
    {
        if (await Registry.FollowAsync(self.Value, known.Version).AnswerAsync("the registry of devices", cancellation) is not { } snapshot)
            return;
        lock (sync)
        {
            if (known.Has(snapshot.Version))
                return;
            known = KnownIdentities.Of(snapshot);
        }

        await EndRefusedAsync();
    }

    private Task EndRefusedAsync() => Changed?.Invoke() ?? Task.CompletedTask;

    [LoggerMessage(1710, LogLevel.Information, "Loaded {Count} registered devices")]
    private partial void LogLoaded(int count);

    [LoggerMessage(1711, LogLevel.Warning, "No device is admitted until the registry is known: {Reason}")]
    private partial void LogWaiting(string reason);

    [LoggerMessage(1712, LogLevel.Warning, "The registry of devices is not known anew; it stays as it was: {Reason}")]
    private partial void LogLost(string reason);

    [LoggerMessage(1713, LogLevel.Information, "The registry of devices is known again")]
    private partial void LogFound();

    [LoggerMessage(1714, LogLevel.Warning, "{Name} is retired and issues nothing; leave it out of --authority")]
    private partial void LogRetired(string name);
}
