using Microsoft.Extensions.Logging;

namespace Armada.Mqtt;

/// <summary>A bounded pool of links for subscriptions that come and go; opens a further link when all are full, and keeps it.</summary>
/// <remarks>
/// A filter is on exactly one link, the first that had room. All members may be called from any thread, from inside a
/// <see cref="MessageHandler"/> too, and none but <see cref="StartAsync"/> and <see cref="DisposeAsync"/> waits for anything.
/// </remarks>
public sealed partial class LinkPool : IAsyncDisposable
{
    /// <summary>Filters on one link: what AWS IoT Core takes on one connection.</summary>
    public const int SubscriptionsPerLink = 50;

    /// <summary>Most links unless told otherwise.</summary>
    public const int UsualMostLinks = 20;

    private readonly Func<int, IMqttLink> create;
    private readonly ILogger<LinkPool> logger;
    private readonly int mostLinks;
    private readonly Placement placement;
    private readonly Lock gate = new();
    private readonly List<IMqttLink> links = [];
    private readonly List<Task> starts = [];
    private bool isStarting;
    private bool isStarted;
    private Task? closing;

    /// <summary>Makes a pool without a link.</summary>
    /// <param name="create">
    /// Makes the link of an index from 0 up, not started. Each has a client id of its own, and all have the same options otherwise.
    /// </param>
    /// <param name="logger">Events 2050–2059.</param>
    /// <param name="mostLinks">Most links, at least one.</param>
    public LinkPool(Func<int, IMqttLink> create, ILogger<LinkPool> logger, int mostLinks = UsualMostLinks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(mostLinks, 1);
        this.create = create;
        this.logger = logger;
        this.mostLinks = mostLinks;
        placement = new(mostLinks, SubscriptionsPerLink);
    }

    /// <summary>Whether the pool is started and each of its links is up; for a moment not while a further link is being opened.</summary>
    public bool IsUp
    {
        get
        {
            lock (gate) return isStarted && closing is null && links.TrueForAll(link => link.State is LinkState.Up);
        }
    }

    /// <summary>Links opened so far, also those that are empty again.</summary>
    public int Links
    {
        get
        {
            lock (gate) return links.Count;
        }
    }

    /// <summary>Filters subscribed to now.</summary>
    public int Subscriptions
    {
        get
        {
            lock (gate) return placement.Count;
        }
    }

    /// <summary>What all links together have counted.</summary>
    public LinkCounters Counters
    {
        get
        {
            lock (gate) return links.Aggregate(default(LinkCounters), (sum, link) => sum.Plus(link.Counters));
        }
    }

    /// <summary>Starts the first link, and those that subscriptions made before have opened; returns before any is up.</summary>
    /// <exception cref="LinkConfigurationException">The links' options cannot work.</exception>
    /// <exception cref="InvalidOperationException">The pool is started already.</exception>
    public async Task StartAsync(CancellationToken cancellation)
    {
        IMqttLink first;
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closing is not null, this);
            if (isStarting) throw new InvalidOperationException("The pool is started already.");
            isStarting = true;
            if (links.Count == 0) Open();
            first = links[0];
        }
        try
        {
            await first.StartAsync(cancellation);
        }
        catch
        {
            lock (gate) isStarting = false;
            throw;
        }
        lock (gate)
        {
            if (closing is not null) return;
            isStarted = true;
            for (var index = 1; index < links.Count; index++) StartSoon(index);
        }
    }

    /// <summary>
    /// Subscribes on the first link with room; may be called before or after <see cref="StartAsync"/>. A further handler of a filter
    /// that is subscribed to already joins it on its link and takes no further place.
    /// </summary>
    /// <param name="filter">Topic filter, wildcards allowed.</param>
    /// <param name="delivery">Sample asks for QoS 0, Control for QoS 1.</param>
    /// <param name="handler">Called for every matching message, on the thread of the filter's link.</param>
    /// <returns>False where every link is full and no further one may be opened.</returns>
    /// <exception cref="ArgumentException">The filter breaks MQTT's rules.</exception>
    /// <exception cref="ObjectDisposedException">The pool is disposed.</exception>
    public bool TrySubscribe(string filter, Delivery delivery, MessageHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        if (!TopicFilter.IsValid(filter)) throw new ArgumentException($"'{filter}' is no topic filter.", nameof(filter));

        // The link is told under the lock, so that it hears of one filter's comings and goings in the order of their places.
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closing is not null, this);
            if (placement.Find(filter) is not { } index) return false;
            if (index == links.Count) Open();
            links[index].Subscribe(filter, delivery, handler);
            placement.Take(filter, index);
            return true;
        }
    }

    /// <summary>
    /// Ends every subscription to exactly this filter and frees its place; what <see cref="IMqttLink.Unsubscribe"/> says of messages
    /// on their way holds here too. A filter nobody subscribed to is no error.
    /// </summary>
    public void Unsubscribe(string filter)
    {
        lock (gate)
        {
            if (placement.Free(filter) is { } index) links[index].Unsubscribe(filter);
        }
    }

    /// <summary>Closes all links.</summary>
    public async ValueTask DisposeAsync()
    {
        Task closing;
        lock (gate) closing = this.closing ??= Task.Run(CloseAsync);
        await closing;
    }

    private async Task CloseAsync()
    {
        Task[] started;
        IMqttLink[] opened;
        lock (gate) (started, opened) = ([.. starts], [.. links]);
        await Task.WhenAll(started);
        await Task.WhenAll(opened.Select(link => link.DisposeAsync().AsTask()));
    }

    private void Open()
    {
        links.Add(create(links.Count));
        LogOpened(links.Count, mostLinks);
        if (isStarted) StartSoon(links.Count - 1);
    }

    // On another thread: starting reads certificate files.
    private void StartSoon(int index)
    {
        var link = links[index];
        starts.Add(Task.Run(() => StartFurtherAsync(link, index)));
    }

    private async Task StartFurtherAsync(IMqttLink link, int index)
    {
        try
        {
            await link.StartAsync(CancellationToken.None);
        }
#pragma warning disable CA1031 // The top of the start, which nobody waits for: said aloud here, and the pool does not come up.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            LogStartFailed(fault, index);
        }
    }

    [LoggerMessage(2050, LogLevel.Information, "The pool has {Count} of at most {Most} links")]
    private partial void LogOpened(int count, int most);

    [LoggerMessage(2051, LogLevel.Error, "Link {Index} of the pool does not start; what is subscribed to there does not come")]
    private partial void LogStartFailed(Exception fault, int index);
}
