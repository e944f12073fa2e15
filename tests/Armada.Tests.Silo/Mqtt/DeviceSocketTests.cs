using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Armada.Core.Devices;
using Armada.Testing;
using Armada.Testing.Logging;
using Armada.Testing.Network;
using Armada.Tests.Silo.Identities.Registry;
using MQTTnet;
using MQTTnet.Formatter;
using Device = Armada.Tests.Silo.Identities.Registry.ThirdParty;

namespace Armada.Tests.Silo.Mqtt;

/// <summary>The device endpoint at /mqtt.</summary>
public sealed class DeviceSocketTests : IDisposable
{
    private readonly FailOnLoggedErrors logs = new();

    public void Dispose() => logs.Dispose();

    [Theory]
    [InlineData(MqttProtocolVersion.V311)]
    [InlineData(MqttProtocolVersion.V500)]
    public async Task MQTTnets_client_speaks_and_hears(MqttProtocolVersion version)
    {
        await using var rig = await OwnRig.StartAsync(logs);
        var arm = Device.Of(rig, "arm-1", (await rig.Registry.CreateAsync(new NewDevice("arm-1", DeviceKind.So101Leader), default)).Issued!);
        using var certificate = X509Certificate2.CreateFromPemFile(arm.Files!.Value.Certificate, arm.Files.Value.Key);
        var states = 0;
        rig.Hear("armada/v1/arm-1/state", (_, _) => Interlocked.Increment(ref states));
        using var client = new MqttClientFactory().CreateMqttClient();
        var heard = new TaskCompletionSource<string>();
        client.ApplicationMessageReceivedAsync += message =>
        {
            heard.TrySetResult(message.ApplicationMessage.ConvertPayloadToString());
            return Task.CompletedTask;
        };

        await client.ConnectAsync(new MqttClientOptionsBuilder()
            .WithClientId("arm-1").WithProtocolVersion(version)
            .WithWebSocketServer(server => server.WithUri(rig.Address("wss").ToString()))
            .WithTlsOptions(tls => tls.WithClientCertificates([certificate]).WithCertificateValidationHandler(_ => true))
            .Build());
        await client.SubscribeAsync("armada/v1/arm-1/cmd");
        for (var sample = 0; sample < 100; sample++)
            await client.PublishBinaryAsync("armada/v1/arm-1/state", new byte[40]);
        await client.PublishBinaryAsync("armada/v1/arm-1/state", new byte[10_000]); // In several reads.

        await Eventually.Holds("every sample is heard", () => states == 101);
        Assert.True(rig.Says("armada/v1/arm-1/cmd", "command"));
        Assert.Equal("command", await Eventually.Happens("the command is heard", heard.Task));
        await client.DisconnectAsync();
    }

    [Fact]
    public async Task What_is_no_WebSocket_of_MQTT_is_told_so_and_https_needs_no_certificate_for_the_rest()
    {
        await using var rig = await OwnRig.StartAsync(logs);
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, shown, _, _) => shown is not null };
        using var http = new HttpClient(handler);

        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri(rig.Address("https"), "healthz"))).StatusCode);
        Assert.Equal(HttpStatusCode.UpgradeRequired, (await http.GetAsync(new Uri(rig.Address("https"), "mqtt"))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, await AskAsync(rig, "wss", subprotocol: null));
        Assert.Equal(HttpStatusCode.BadRequest, await AskAsync(rig, "wss", subprotocol: "mqttv3.1"));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(rig, "wss"));
    }

    [Fact]
    public async Task The_https_addresses_name_the_devices_authority_so_that_browsers_offer_nothing_else()
    {
        await using var rig = await OwnRig.StartAsync(logs);

        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", rig.Address("https").Port);
        string[] named = [];
        await using var tls = new SslStream(
            client.GetStream(),
            leaveInnerStreamOpen: false,
            (_, shown, _, _) => shown is not null,
            (_, _, _, _, issuers) =>
            {
                named = issuers;
                return null!;
            });
        await tls.AuthenticateAsClientAsync("127.0.0.1");

        Assert.Contains("Armada device authority", Assert.Single(named), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, false, null, HttpStatusCode.SwitchingProtocols)]
    [InlineData(false, false, null, HttpStatusCode.Unauthorized)]
    [InlineData(true, true, null, HttpStatusCode.Unauthorized)]
    [InlineData(true, false, "armada.example", HttpStatusCode.Unauthorized)]
    public async Task Without_TLS_it_is_for_development_on_loopback_and_not_behind_a_proxy(bool hasPlainPort, bool isInsecure, string? host, HttpStatusCode expected)
    {
        await using var rig = await OwnRig.StartAsync(
            logs, hasPlainPort ? FreePort.Next() : null, http => http with { InsecureHttp = isInsecure, AllowedHosts = host is null ? [] : [host] });

        Assert.Equal(expected, await AskAsync(rig, "ws"));
    }

    [Fact]
    public async Task A_text_frame_ends_the_connection()
    {
        await using var rig = await OwnRig.StartAsync(logs, FreePort.Next());
        using var socket = await OpenAsync(rig);

        await socket.SendAsync(Encoding.ASCII.GetBytes("hello"), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

        var end = await Eventually.Happens("it is closed", socket.ReceiveAsync(new byte[10], CancellationToken.None));
        Assert.Equal(WebSocketMessageType.Close, end.MessageType);
    }

    private static async Task<ClientWebSocket> OpenAsync(OwnRig rig)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("mqtt");
        await socket.ConnectAsync(rig.Address("ws"), CancellationToken.None);
        return socket;
    }

    private static async Task<HttpStatusCode> AskAsync(OwnRig rig, string scheme, string? subprotocol = "mqtt")
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null;
        if (subprotocol is not null)
            socket.Options.AddSubProtocol(subprotocol);
        try
        {
            await socket.ConnectAsync(rig.Address(scheme), CancellationToken.None);
        }
        catch (WebSocketException)
        {
            return socket.HttpStatusCode;
        }

        return socket.HttpStatusCode;
    }
}
