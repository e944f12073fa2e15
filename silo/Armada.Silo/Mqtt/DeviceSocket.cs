using System.IO.Pipelines;
using System.Net;
using System.Net.WebSockets;
using Armada.Silo.Options;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Armada.Silo.Mqtt;

/// <summary>
/// /mqtt: the device endpoint over WebSockets, for networks that let only https pass. The certificate is the one of the https handshake;
/// without one a client gets in only on loopback where there is a plain listener too.
/// </summary>
internal sealed class DeviceSocket(
    SiloOptions silo, DeviceEndpointOptions options, DeviceConnections connections, TimeProvider time)
{
    private const string Subprotocol = "mqtt";

    private static readonly TimeSpan ClosesWithin = TimeSpan.FromSeconds(1);

    // The input's reader runs on the thread that has received.
    private static readonly PipeOptions Input = new(readerScheduler: PipeScheduler.Inline, useSynchronizationContext: false);

    // Where requests may have been passed on, loopback proves nothing.
    private readonly bool admitsUnproven = options.PlainPort is not null && silo.Http is { IsLoopback: true, InsecureHttp: false, AllowedHosts.Count: 0, KnownProxies.Count: 0 };

    public static void Map(WebApplication app)
    {
        if (app.Services.GetService<DeviceSocket>() is { } socket)
            app.MapGet("/mqtt", socket.AcceptAsync).ExcludeFromDescription().AllowAnonymous().DisableRateLimiting();
    }

    private async Task AcceptAsync(HttpContext context)
    {
        var refusal = !context.WebSockets.IsWebSocketRequest ? Problem.WebSocketOnly.Answer("connect to /mqtt with a WebSocket")
            : !context.WebSockets.WebSocketRequestedProtocols.Contains(Subprotocol) ? Problem.BadRequest.Answer($"offer the subprotocol '{Subprotocol}'")
            : context.Connection.ClientCertificate is null && !admitsUnproven ? Problem.Unauthorized.Answer("connect over https with the device's certificate")
            : null;
        if (refusal is not null)
        {
            await refusal.ExecuteAsync(context);
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync(Subprotocol);
        var input = new Pipe(Input);
        var connection = new DefaultConnectionContext(context.Connection.Id) // Not disposed: its abort runs later, on a thread of the pool.
        {
            Transport = new SocketTransport(input.Reader, PipeWriter.Create(WebSocketStream.Create(socket, WebSocketMessageType.Binary))),
            RemoteEndPoint = new IPEndPoint(context.Connection.RemoteIpAddress!, context.Connection.RemotePort),
            LocalEndPoint = new IPEndPoint(context.Connection.LocalIpAddress!, context.Connection.LocalPort),
        };
        connection.Features.Set(context.Features.Get<ITlsConnectionFeature>());
        connection.Features.Set(context.Features.Get<LimitedConnection>());
        using var aborted = connection.ConnectionClosed.Register(context.Abort);
        var receiving = ReceiveAsync(socket, input.Writer);
        await connections.ServeAsync(connection);

        await input.Reader.CompleteAsync();
        using (var late = new CancellationTokenSource(ClosesWithin, time))
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, late.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await receiving.WaitAsync(late.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!receiving.IsCompleted)
            context.Abort();
        await receiving;
    }

    // A packet may begin and end anywhere in a frame. A text frame ends the connection [MQTT-6.0.0-1].
    private static async Task ReceiveAsync(WebSocket socket, PipeWriter input)
    {
        Exception? end = null;
        try
        {
            var isOpen = true;
            while (isOpen)
            {
                var received = await socket.ReceiveAsync(input.GetMemory(), CancellationToken.None);
                input.Advance(received.Count);
                isOpen = received.MessageType == WebSocketMessageType.Binary && !(await input.FlushAsync()).IsCompleted;
            }
        }
        catch (Exception broken) when (broken is WebSocketException or OperationCanceledException or IOException)
        {
            end = new IOException(broken.Message, broken);
        }

        await input.CompleteAsync(end);
    }

    private sealed record SocketTransport(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
