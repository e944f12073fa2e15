using System.Net;
using System.Net.Sockets;
using System.Text;
using Armada.Bench.Load;

namespace Armada.Bench.Yardstick;

/// <summary>Two socket hops and nothing else, as a process: one thread that checks nothing writes each leader's state to its follower's socket.</summary>
internal sealed class Floor
{
    private readonly Dictionary<Socket, Client> clients = [];
    private readonly Dictionary<string, Socket> subscribers = new(StringComparer.Ordinal);
    private readonly Dictionary<byte[], Socket> routes = [];
    private readonly CommandTopics commands = new();
    private readonly byte[] outgoing = new byte[4096];

    /// <summary>Serves until it is killed.</summary>
    /// <param name="port">On loopback.</param>
    public static int Run(int port)
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen();
        Console.WriteLine("listening");
        var floor = new Floor();
        while (true)
        {
            var ready = new List<Socket>(floor.clients.Keys) { listener };
            Socket.Select(ready, null, null, -1);
            foreach (var socket in ready)
            {
                if (socket == listener)
                    floor.Accept(listener.Accept());
                else
                    floor.Read(socket);
            }
        }
    }

    private void Accept(Socket socket)
    {
        socket.NoDelay = true;
        clients[socket] = new Client();
    }

    private void Read(Socket socket)
    {
        var client = clients[socket];
        var read = socket.Receive(client.Incoming.AsSpan(client.Held));
        if (read == 0)
        {
            clients.Remove(socket);
            return;
        }

        client.Held += read;
        ReadOnlySpan<byte> bytes = client.Incoming.AsSpan(0, client.Held);
        while (MqttBytes.TryTake(ref bytes, out var header, out var body))
            Take(socket, header, body);
        client.Held = bytes.Length;
        bytes.CopyTo(client.Incoming);
    }

    private void Take(Socket socket, byte header, ReadOnlySpan<byte> body)
    {
        switch (header)
        {
            case MqttBytes.Connect:
                socket.Send(MqttBytes.ConnectAccepted);
                break;
            case MqttBytes.Subscribe:
                subscribers[Encoding.ASCII.GetString(body.Slice(4, body[3]))] = socket;
                socket.Send(MqttBytes.Granted(body));
                break;
            case MqttBytes.Publish:
                var payload = MqttBytes.PayloadOf(header, body, out var topic, out _);
                if (commands.Of(topic) is not { } command)
                    break;
                if (!routes.TryGetValue(command, out var follower))
                    routes[command] = follower = subscribers[Encoding.ASCII.GetString(command)];
                follower.Send(outgoing.AsSpan(0, MqttBytes.WritePublish(outgoing, command, payload)));
                break;
        }
    }

    private sealed class Client
    {
        public byte[] Incoming { get; } = new byte[8192];

        public int Held { get; set; }
    }
}
