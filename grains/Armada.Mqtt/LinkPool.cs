using Microsoft.Extensions.Logging;

namespace Armada.Mqtt;

/// <summary>A bounded pool of links for subscriptions that come and go; opens another link when all are full, and keeps it.</summary>
/// <remarks>
/// A filter is on exactly one link, the first that had room. All members may be called from any thread, and all but
/// <see cref="StartAsync"/> and <see cref="DisposeAsync"/> from inside a <see cref="MessageHandler"/> too; those never wait.
/// </remarks>
public sealed partial class LinkPool : IAsyncDisposable
{
    /// <summary>Filters on one link: AWS IoT Core's limit for one connection.</summary>
    public const int SubscriptionsPerLink = 50;

    private readonly Func<int, IMqttLink> create;
    private readonly ILogger<LinkPool> logger;
    private readonly int maxLinks;
    private readonly Lock gate = new();
    private readonly List<IMqttLink> links = [];
    private readonly List<int> filtersOn = [];
    private readonly Dictionary<string, int> linkOf = new(StringComparer.Ordinal);
    private readonly List<Task> starts = [];
    private bool isStarted;
    private Task? closing;

    /// <param name="create">Creates the link of an index from 0 up, not started; each needs a client id of its own.</param>
    /// <param name="logger">Events 2050–2059.</param>
    /// <param name="maxLinks">Most links, at least one.</param>
    public LinkPool(Func<int, IMqttLink> create, ILogger<LinkPool> logger, int maxLinks = 20)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLinks, 1);
        this.create = create;
        this.logger = logger;
        this.maxLinks = maxLinks;
    }

    /// <summary>Links opened so far; one that has become empty again counts too.</summary>
    public int Links
    {
        get
        {
            lock (gate) return links.Count;
        }
    }

    public int Subscriptions
    {
        get
        {
            lock (gate) return linkOf.Count;
        }
    }

    /// <summary>Starts the first link, and those that earlier subscriptions have opened; returns before any is up.</summary>
    /// <exception cref="LinkConfigurationException">The links' options cannot work.</exception>
    /// <exception cref="InvalidOperationException">The pool is started already.</exception>
    public async Task StartAsync(CancellationToken cancellation)
    {
        IMqttLink first;
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closing is not null, this);
            if (isStarted) throw new InvalidOperationException("The pool is started already.");
            if (links.Count == 0) Open();
            first = links[0];
        }
        await first.StartAsync(cancellation);
        lock (gate)
        {
            if (closing is not null) return;
            isStarted = true;
            for (var index = 1; index < links.Count; index++) StartSoon(index);
        }
    }

    /// <summary>
    /// Subscribes on the first link with room, before or after <see cref="StartAsync"/>. Another handler of a filter that is
    /// subscribed to already joins it on its link and takes no room.
    /// </summary>
    /// <returns>False where every link is full and no more may be opened.</returns>
    /// <exception cref="ArgumentException">The filter breaks MQTT's rules.</exception>
    public bool TrySubscribe(string filter, Delivery delivery, MessageHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        if (!TopicFilter.IsValid(filter)) throw new ArgumentException($"'{filter}' is not a valid topic filter.", nameof(filter));

        // The link is called under the lock, so that it sees one filter's changes in the order of this pool's.
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closing is not null, this);
            if (!linkOf.TryGetValue(filter, out var index))
            {
                index = filtersOn.FindIndex(count => count < SubscriptionsPerLink);
                if (index < 0 && links.Count == maxLinks) return false;
                if (index < 0) index = Open();
                linkOf[filter] = index;
                filtersOn[index]++;
            }
            links[index].Subscribe(filter, delivery, handler);
            return true;
        }
    }

    /// <inheritdoc cref="IMqttLink.Unsubscribe"/>
    public void Unsubscribe(string filter)
    {
        lock (gate)
        {
            if (!linkOf.Remove(filter, out var index)) return;
            filtersOn[index]--;
            links[index].Unsubscribe(filter);
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

    private int Open()
    {
        var index = links.Count;
        links.Add(create(index));
        filtersOn.Add(0);
        LogOpened(links.Count, maxLinks);
        if (isStarted) StartSoon(index);
        return index;
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
#pragma warning disable CA1031 // Nobody waits for this start.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            LogStartFailed(fault, index);
        }
    }

    [LoggerMessage(2050, LogLevel.Information, "The MQTT pool has {Count} of at most {Max} links")]
    private partial void LogOpened(int count, int max);

    [LoggerMessage(2051, LogLevel.Error, "Link {Index} of the MQTT pool does not start; messages of its subscriptions do not arrive")]
    private partial void LogStartFailed(Exception fault, int index);
}
