using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Armada.Tests.Silo.Remotes;

/// <summary>Another service's slave endpoint as far as the silo sees it: answers what the test says.</summary>
internal sealed class ScriptedEndpoint : IAsyncDisposable
{
    public const string Accepted = """{"type":"command_ack","data":{"accepted":true}}""";
    private const string JointStates =
        """{"type":"joint_states","data":{"joints":[{"name":"Rotation","servo_id":1,"type":"revolute","virtual_value":1,"real_value":1.5}]}}""";

    private readonly WebApplication server;
    private readonly ConcurrentQueue<JsonNode> heard = new();
    private readonly ConcurrentQueue<string> visits = new();
    private volatile Func<Task<string?>> onCommand = () => Task.FromResult<string?>(Accepted);
    private int open;

    private ScriptedEndpoint(WebApplication server) => this.server = server;

    public int Port => new Uri(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;

    public string Url => $"ws://127.0.0.1:{Port}/ws/slave/far";

    /// <summary>What each connection came with: its path and query, and its Authorization header.</summary>
    public IReadOnlyCollection<string> Visits => visits;

    public int Open => Volatile.Read(ref open);

    public IEnumerable<JsonNode> Commands => heard.Where(message => message["type"]!.GetValue<string>() == "command");

    /// <summary>Answers every command so from now on.</summary>
    public void Answer(Func<Task<string?>> answer) => onCommand = answer;

    /// <summary>Answers every command with this text from now on; null for never.</summary>
    public void Answer(string? text) => Answer(() => Task.FromResult(text));

    public static async Task<ScriptedEndpoint> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var server = builder.Build();
        var endpoint = new ScriptedEndpoint(server);
        server.UseWebSockets();
        server.Run(endpoint.ServeAsync);
        await server.StartAsync();
        return endpoint;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await server.StopAsync(now.Token);
        await server.DisposeAsync();
    }

    private async Task ServeAsync(HttpContext context)
    {
        visits.Enqueue($"{context.Request.Path}{context.Request.QueryString} {context.Request.Headers.Authorization}");
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        Interlocked.Increment(ref open);
        try
        {
            var buffer = new byte[16 * 1024];
            while (true)
            {
                var part = await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted);
                if (part.MessageType == WebSocketMessageType.Close)
                    break;
                var message = JsonNode.Parse(buffer.AsSpan(0, part.Count))!;
                heard.Enqueue(message);
                var answer = message["type"]!.GetValue<string>() == "command" ? await onCommand() : JointStates;
                if (answer is not null)
                    await socket.SendAsync(Encoding.UTF8.GetBytes(answer), WebSocketMessageType.Text, endOfMessage: true, context.RequestAborted);
            }

            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
        }
        catch (Exception lost) when (lost is WebSocketException or OperationCanceledException)
        {
            // The silo is gone, or the test is over.
        }
        finally
        {
            Interlocked.Decrement(ref open);
        }
    }
}
