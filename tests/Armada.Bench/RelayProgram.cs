using Armada.Bench.Yardstick;
using Armada.Messaging.Link;

namespace Armada.Bench;

/// <summary>The bare relay as a process, like the silo it is compared with.</summary>
internal static class RelayProgram
{
    public static async Task<int> RunAsync(int port, string link, CancellationToken cancellation)
    {
        await using var relayed = Composition.Links[link](new LinkOptions { ClientId = "bench-relay", Port = port });
        var up = new TaskCompletionSource();
        relayed.StateChanged += state =>
        {
            if (state == LinkState.Up)
                up.TrySetResult();
        };
        new BareRelay(relayed).Start();
        await relayed.StartAsync(cancellation);
        await up.Task.WaitAsync(cancellation);
        Console.WriteLine("relaying");
        var ended = new TaskCompletionSource();
        await using var end = cancellation.Register(ended.SetResult);
        await ended.Task;
        return 0;
    }
}
