using System.Net;
using Armada.Silo.Mqtt;
using Microsoft.AspNetCore.Connections;

namespace Armada.Tests.Silo.Mqtt;

public sealed class UnprovenConnectionsTests
{
    [Fact]
    public async Task An_address_with_too_many_unproven_connections_is_kept_out_and_proven_ones_do_not_count()
    {
        var ending = new TaskCompletionSource();
        var served = 0;
        var serve = new UnprovenConnections().LimitAsync(_ =>
        {
            served++;
            return ending.Task;
        });
        var open = Enumerable.Range(0, UnprovenConnections.MaxPerAddress).Select(_ => From("192.0.2.1")).ToList();
        var running = open.Select(connection => serve(connection)).ToList();

        Assert.True(serve(From("192.0.2.1")).IsCompletedSuccessfully);
        Assert.Equal(UnprovenConnections.MaxPerAddress, served);
        running.Add(serve(From("192.0.2.2"))); // Another address has its own.
        open[0].Features.Get<UnprovenConnections.Unproven>()!.Dispose();
        running.Add(serve(From("192.0.2.1")));
        Assert.Equal(UnprovenConnections.MaxPerAddress + 2, served);

        ending.SetResult();
        await Task.WhenAll(running);
        Assert.False(serve(From("192.0.2.1")).IsFaulted);
        Assert.Equal(UnprovenConnections.MaxPerAddress + 3, served);
    }

    private static DefaultConnectionContext From(string address) => new() { RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 1) };
}
