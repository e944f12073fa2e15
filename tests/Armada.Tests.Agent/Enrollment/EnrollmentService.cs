using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Armada.Testing.Brokers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace Armada.Tests.Agent.Enrollment;

/// <summary>A silo's door for enrollments: signs what it is asked with an authority of the test, or answers as the test says.</summary>
internal sealed class EnrollmentService : IAsyncDisposable
{
    private readonly TestCertificates authority;
    private readonly WebApplication application;
    private readonly ConcurrentQueue<JsonNode> requests = new();

    private EnrollmentService(TestCertificates authority, bool tls)
    {
        this.authority = authority;
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (!tls)
                return;
            var (certificate, key) = authority.Server();
            listen.UseHttps(new HttpsConnectionAdapterOptions { ServerCertificate = X509Certificate2.CreateFromPemFile(certificate, key) });
        }));
        application = builder.Build();
        application.MapPost("/api/v1/enrollments", AnswerAsync);
    }

    /// <summary>Its address.</summary>
    public string Url => application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    /// <summary>What it was asked, each once it was whole.</summary>
    public IReadOnlyCollection<JsonNode> Requests => requests;

    /// <summary>The name that tokens are for which name nobody.</summary>
    public string Name { get; set; } = "bench-leader";

    /// <summary>The kind that tokens are for.</summary>
    public string Kind { get; set; } = "so101-leader";

    /// <summary>Where it says that the broker is.</summary>
    public (string Host, int Port) Broker { get; set; } = ("broker.example", 8883);

    /// <summary>What becomes of a good answer before it is sent.</summary>
    public Action<JsonObject> Spoil { get; set; } = _ => { };

    /// <summary>An answer instead of a good one: status and body.</summary>
    public (int Status, string Body)? Instead { get; set; }

    public static async Task<EnrollmentService> OpenAsync(TestCertificates authority, bool tls = false)
    {
        var service = new EnrollmentService(authority, tls);
        await service.application.StartAsync();
        return service;
    }

    public ValueTask DisposeAsync() => application.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var asked = (await JsonNode.ParseAsync(context.Request.Body))!;
        requests.Enqueue(asked);
        var (status, body) = Instead ?? (201, Good(asked).ToJsonString());
        context.Response.StatusCode = status;
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(body));
    }

    private JsonObject Good(JsonNode asked)
    {
        var name = asked["name"]?.GetValue<string>() ?? Name;
        var answer = new JsonObject
        {
            ["name"] = name,
            ["kind"] = Kind,
            ["site"] = "bench",
            ["certificate"] = authority.ForRequest(asked["csr"]!.GetValue<string>(), name),
            ["ca"] = File.ReadAllText(authority.CaFile),
            ["broker"] = new JsonObject { ["hosts"] = new JsonArray(Broker.Host), ["port"] = Broker.Port },
            ["topic_root"] = "armada/v1",
            ["expires_at"] = "2031-02-03T04:05:06Z",
        };
        Spoil(answer);
        return answer;
    }
}
