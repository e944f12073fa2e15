using Armada.Bench.Yardstick;
using Armada.Messaging.LibMosquitto;
using Armada.Messaging.Link;
using Microsoft.Extensions.Logging.Abstractions;

namespace Armada.Bench;

/// <summary>The bare relay as a process, like the silo it is compared with.</summary>
internal static class RelayProgram
{
    public static async Task<int> RunAsync(int port, CancellationToken cancellation)
    {
        await using var link = new LibMosquittoLink(
            new LinkOptions { ClientId = "bench-relay", Port = port }, NullLogger<LibMosquittoLink>.Instance);
        var up = new TaskCompletionSource();
        link.StateChanged += state =>
        {
            if (state == LinkState.Up)
                up.TrySetResult();
        };
        new BareRelay(link).Start();
        await link.StartAsync(cancellation);
        await up.Task.WaitAsync(cancellation);
        Console.WriteLine("relaying");
        var ended = new TaskCompletionSource();
        await using var end = cancellation.Register(ended.SetResult);
        await ended.Task;
        return 0;
    }
}
