using System.Buffers;
using System.Net.WebSockets;
using Armada.Grains.Robots;
using Armada.Silo.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Armada.Tests.Silo.Sockets;

/// <summary>A real Kestrel that serves one JsonSocket per connection and hands it to the test.</summary>
internal sealed class SocketServer : IAsyncDisposable, ISampleSource
{
    private readonly WebApplication app;
    private readonly SocketLimits limits;
    private readonly CancellationTokenSource stopping = new();

    private SocketServer(SocketLimits limits)
    {
        this.limits = limits;
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseSetting("urls", "http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        app = builder.Build();
        app.UseWebSockets();
        app.Run(ServeAsync);
    }

    public TaskCompletionSource<JsonSocket> Connected { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done with the fault, or null, with which the socket's run ended.</summary>
    public TaskCompletionSource<Exception?> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Takes what the client sends; echoes it back at first.</summary>
    public Func<JsonSocket, ReadOnlyMemory<byte>, ValueTask> OnMessage { get; set; } = (socket, message) =>
    {
        socket.Send(message.Span);
        return ValueTask.CompletedTask;
    };

    /// <summary>What a sample is at the moment it is asked for.</summary>
    public Func<string> Sample { get; set; } = () => "{}";

    public static async Task<SocketServer> StartAsync(SocketLimits? limits = null)
    {
        var server = new SocketServer(limits ?? new SocketLimits());
        await server.app.StartAsync();
        return server;
    }

    public async Task<ClientWebSocket> ConnectAsync()
    {
        var client = new ClientWebSocket();
        await client.ConnectAsync(new Uri(app.Urls.Single().Replace("http", "ws", StringComparison.Ordinal)), CancellationToken.None);
        return client;
    }

    public void StopSockets() => stopping.Cancel();

    public bool TryWrite(IBufferWriter<byte> message)
    {
        message.Write(System.Text.Encoding.UTF8.GetBytes(Sample()));
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await app.StopAsync();
        await app.DisposeAsync();
        stopping.Dispose();
    }

    private async Task ServeAsync(HttpContext context)
    {
        using var raw = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            KeepAliveInterval = limits.PingInterval,
            KeepAliveTimeout = limits.PongTimeout,
        });
        var socket = new JsonSocket(raw, this, limits, new SiloClock(TimeProvider.System));
        Connected.SetResult(socket);
        try
        {
            await socket.RunAsync(message => OnMessage(socket, message), stopping.Token);
            Ended.SetResult(null);
        }
        catch (InvalidOperationException fault)
        {
            Ended.SetResult(fault);
        }
    }
}
