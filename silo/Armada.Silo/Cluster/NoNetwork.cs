using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Armada.Silo.Cluster;

/// <summary>
/// What a silo that is a cluster of its own listens with: nothing. Orleans calls itself without a socket, so that it needs no port, and
/// any number of such silos run on one machine.
/// </summary>
internal sealed class NoNetwork : IConnectionListenerFactory
{
    /// <summary>Replaces every listener that Orleans has registered.</summary>
    public static void Use(IServiceCollection services)
    {
        foreach (var listener in services.Where(service => service.ServiceType == typeof(IConnectionListenerFactory) && service.IsKeyedService).ToArray())
        {
            services.Remove(listener);
            services.AddKeyedSingleton<IConnectionListenerFactory>(listener.ServiceKey, new NoNetwork());
        }
    }

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => new(new Listener(endpoint));

    private sealed class Listener(EndPoint endpoint) : IConnectionListener
    {
        private readonly TaskCompletionSource<ConnectionContext?> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public EndPoint EndPoint => endpoint;

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => new(ended.Task);

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            ended.TrySetResult(null);
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}
