using Armada.Mqtt;
using Armada.Testing;
using Armada.Testing.Logging;

namespace Armada.Tests.Link;

/// <summary>A pool's life, on links without a broker.</summary>
public sealed class LinkPoolTests : IAsyncDisposable
{
    private const int StartFailedEvent = 2051;

    private readonly FailOnLoggedErrors logs = new();
    private readonly List<RecordingLink> links = [];
    private readonly LinkPool pool;
    private Func<RecordingLink> next = () => new();

    public LinkPoolTests() => pool = new(
        _ =>
        {
            links.Add(next());
            return links[^1];
        },
        logs.For<LinkPool>());

    [Fact]
    public async Task The_start_opens_one_link_and_starts_those_opened_before_and_after()
    {
        Subscribe(0, 60);
        Assert.Equal([false, false], links.Select(link => link.IsStarted));
        await pool.StartAsync(CancellationToken.None);
        Subscribe(60, 110);
        await Eventually.Holds("all three links are started, once", () => links.TrueForAll(link => link.IsStarted));
        Assert.Equal(3, pool.Links);
        await Assert.ThrowsAsync<InvalidOperationException>(() => pool.StartAsync(CancellationToken.None));
    }

    [Fact]
    public async Task An_empty_pool_starts_with_one_link()
    {
        await pool.StartAsync(CancellationToken.None);
        Assert.True(Assert.Single(links).IsStarted);
        Assert.Equal((1, 0), (pool.Links, pool.Subscriptions));
    }

    [Fact]
    public async Task Options_that_cannot_work_come_out_of_the_start_which_may_be_tried_again()
    {
        Subscribe(0, 60);
        links[0].StartFault = new LinkConfigurationException("a fault of the test");
        await Assert.ThrowsAsync<LinkConfigurationException>(() => pool.StartAsync(CancellationToken.None));
        Assert.False(links[1].IsStarted);

        links[0].StartFault = null;
        await pool.StartAsync(CancellationToken.None);
        await Eventually.Holds("both links are started", () => links.TrueForAll(link => link.IsStarted));
    }

    [Fact]
    public async Task A_further_link_that_does_not_start_is_logged()
    {
        logs.Expect(StartFailedEvent);
        await pool.StartAsync(CancellationToken.None);
        next = () => new() { StartFault = new LinkConfigurationException("a fault of the test") };
        Subscribe(0, 51);
        await Eventually.Holds("the fault is logged", () => logs.Of(StartFailedEvent).Count == 1);
    }

    [Fact]
    public void A_further_handler_of_a_filter_joins_it_even_where_its_link_is_full()
    {
        Subscribe(0, 60);
        Subscribe(0, 1);
        Assert.Equal(2, links[0].Filters.Count(filter => filter == "n/0"));
        Assert.Equal(60, pool.Subscriptions);
        pool.Unsubscribe("n/0");
        Assert.DoesNotContain("n/0", links[0].Filters);
        Subscribe(60, 61);
        Assert.Contains("n/60", links[0].Filters);
    }

    [Fact]
    public void A_filter_against_the_rules_takes_no_place()
    {
        Assert.Throws<ArgumentException>(() => pool.TrySubscribe("a/#/b", Delivery.Sample, (_, _) => { }));
        Assert.Equal((0, 0), (pool.Links, pool.Subscriptions));
    }

    [Fact]
    public async Task Many_threads_lose_no_filter_and_leave_none_behind()
    {
        const int threads = 4, filters = 100;
        await pool.StartAsync(CancellationToken.None);
        await Task.WhenAll(Enumerable.Range(0, threads).Select(thread => Task.Run(() =>
        {
            for (var round = 0; round < 50; round++)
            {
                for (var i = 0; i < filters; i++) pool.Unsubscribe($"n/{(thread * filters) + i}");
                Subscribe(thread * filters, (thread + 1) * filters);
            }
            for (var i = 1; i < filters; i += 2) pool.Unsubscribe($"n/{(thread * filters) + i}");
        })));
        var expected = Enumerable.Range(0, threads * filters).Where(i => i % 2 == 0).Select(i => $"n/{i}");
        Assert.Equal(expected.Order(), links.SelectMany(link => link.Filters).Order());
        Assert.Equal(threads * filters / 2, pool.Subscriptions);
        Assert.InRange(pool.Links, 4, 8);
        Assert.All(links, link => Assert.InRange(link.Filters.Length, 0, LinkPool.SubscriptionsPerLink));
    }

    [Fact]
    public async Task A_disposed_pool_has_closed_its_links_and_opens_no_more()
    {
        await pool.StartAsync(CancellationToken.None);
        Subscribe(0, 60);
        await Task.WhenAll(pool.DisposeAsync().AsTask(), pool.DisposeAsync().AsTask());
        Assert.Equal([true, true], links.Select(link => link.IsClosed));
        pool.Unsubscribe("n/0");
        Assert.Throws<ObjectDisposedException>(() => pool.TrySubscribe("n/0", Delivery.Sample, (_, _) => { }));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => pool.StartAsync(CancellationToken.None));
    }

    public async ValueTask DisposeAsync()
    {
        await pool.DisposeAsync();
        logs.Dispose();
    }

    private void Subscribe(int from, int to)
    {
        for (var i = from; i < to; i++) Assert.True(pool.TrySubscribe($"n/{i}", Delivery.Sample, (_, _) => { }));
    }
}
