using System.Net;
using Armada.Silo.Access;
using Armada.Silo.Options;
using Armada.Testing;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace Armada.Tests.Silo.Access;

public sealed class ConnectionLimitsTests : IDisposable
{
    private readonly HandTime time = new();
    private readonly CancellationTokenSource ending = new();

    [Fact]
    public void For_one_too_many_of_an_address_its_oldest_unproven_connection_is_cut_and_no_other()
    {
        var open = Opener(new RateLimits { UnprovenConnectionsPerAddress = 3 });
        var (elsewhere, proven) = (open("192.0.2.1"), open("192.0.2.2"));
        Assert.True(proven.Features.Get<LimitedConnection>()!.TryProve());
        var (first, second, third) = (open("192.0.2.2"), open("192.0.2.2"), open("192.0.2.2"));

        var last = open("192.0.2.2");
        Assert.Equal([first], IsCut(elsewhere, proven, first, second, third, last));
    }

    [Fact]
    public void One_network_of_IPv6_addresses_counts_as_one_address()
    {
        var open = Opener(new RateLimits { UnprovenConnectionsPerAddress = 2 });
        var (first, second, third) = (open("2001:db8::1"), open("2001:db8::2"), open("2001:db8::3"));

        Assert.Equal([first], IsCut(first, second, third));
    }

    [Fact]
    public void Where_all_are_too_many_the_address_that_has_most_makes_room()
    {
        var open = Opener(new RateLimits { UnprovenConnections = 4 });
        var (single, first, second, third) = (open("192.0.2.1"), open("192.0.2.2"), open("192.0.2.2"), open("192.0.2.2"));

        var last = open("192.0.2.3");
        Assert.Equal([first], IsCut(single, first, second, third, last));
    }

    [Fact]
    public void A_proxys_connections_are_not_one_clients()
    {
        var open = Opener(new RateLimits { UnprovenConnectionsPerAddress = 1 }, "192.0.2.0/30");

        Assert.Empty(IsCut(open("192.0.2.1"), open("192.0.2.1"), open("::ffff:192.0.2.1")));
    }

    [Fact]
    public async Task A_connection_that_shows_nothing_is_cut_in_time_and_requests_give_it_more()
    {
        var open = Opener(new RateLimits());
        var (silent, asking, proven, device) = (open("192.0.2.1"), open("192.0.2.1"), open("192.0.2.1"), open("192.0.2.1"));
        Assert.True(proven.Features.Get<LimitedConnection>()!.TryProve());
        device.Features.Get<LimitedConnection>()!.Dispose();

        time.Advance(LimitedConnection.ProvesWithin / 2);
        await LimitedConnection.RenewAsync(new DefaultHttpContext(asking.Features), _ => Task.CompletedTask);
        time.Advance(LimitedConnection.ProvesWithin / 2);
        Assert.Equal([silent], IsCut(silent, asking, proven, device));

        time.Advance(LimitedConnection.ProvesWithin / 2);
        Assert.Equal([silent, asking], IsCut(silent, asking, proven, device));
    }

    [Fact]
    public void More_connections_with_a_key_than_may_last_are_told_to_end_until_one_has_ended()
    {
        var open = Opener(new RateLimits { Connections = 1 });
        var (first, second) = (open("192.0.2.1").Features.Get<LimitedConnection>()!, open("192.0.2.1").Features.Get<LimitedConnection>()!);

        Assert.True(first.TryProve());
        Assert.True(first.TryProve());
        Assert.False(second.TryProve());
        first.Dispose();
        Assert.True(second.TryProve());
    }

    public void Dispose()
    {
        ending.Cancel();
        ending.Dispose();
    }

    private Func<string, Connection> Opener(RateLimits limits, string? proxies = null)
    {
        var http = new HttpOptions { Limits = limits, KnownProxies = proxies is null ? [] : [IPNetwork.Parse(proxies)] };
        var serve = new ConnectionLimits(http, time).LimitAsync(_ => Task.Delay(Timeout.Infinite, ending.Token).ContinueWith(_ => { }, TaskScheduler.Default));
        return address =>
        {
            var connection = new Connection { RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 1) };
            Assert.False(serve(connection).IsFaulted);
            return connection;
        };
    }

    private static IEnumerable<Connection> IsCut(params Connection[] connections) => connections.Where(connection => connection.IsCut);

    private sealed class Connection : DefaultConnectionContext
    {
        public bool IsCut { get; private set; }

        public override void Abort(ConnectionAbortedException abortReason) => IsCut = true;
    }
}
