using k8s;
using k8s.Models;

namespace Armada.Tests.Deploy;

/// <summary>The Kubernetes manifests, each file read strictly by the API's own models; kubectl renders the overlays where it is installed.</summary>
public sealed class KubernetesTests
{
    private const string Folder = "infra/kubernetes";

    public static TheoryData<string> Files() =>
    [
        .. Directory.GetFiles(Path.Combine(Repository.Root, Folder), "*.yaml", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) != "kustomization.yaml")
            .Select(file => Path.GetRelativePath(Repository.Root, file)).Order(),
    ];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_manifest_has_no_member_that_the_API_does_not_know(string file) =>
        Assert.NotEmpty(KubernetesYaml.LoadAllFromString(Repository.Read(file), strict: true));

    [SkippableTheory]
    [InlineData("one")]
    [InlineData("cluster")]
    public async Task An_overlay_renders_to_pods_without_rights_and_services_that_find_them(string overlay)
    {
        var objects = KubernetesYaml.LoadAllFromString(await Kubectl.RenderAsync(Path.Combine(Repository.Root, Folder, "overlays", overlay)), strict: true);
        var sets = objects.OfType<V1StatefulSet>().ToArray();
        Assert.All(objects.OfType<IKubernetesObject<V1ObjectMeta>>().Where(one => one is not V1Namespace), one => Assert.Equal("armada", one.Metadata.NamespaceProperty));
        foreach (var pod in sets.Select(set => set.Spec.Template.Spec))
        {
            Assert.False(pod.AutomountServiceAccountToken);
            Assert.True(pod.SecurityContext.RunAsNonRoot);
            Assert.All(pod.Containers, container => Assert.True(container.SecurityContext.ReadOnlyRootFilesystem));
            Assert.All(pod.Containers, container => Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop));
            Assert.All(pod.Containers.SelectMany(container => container.VolumeMounts), mount => Assert.True(
                mount.Name == "data" || pod.Volumes.Any(volume => volume.Name == mount.Name), $"no volume {mount.Name}"));
        }

        Assert.All(objects.OfType<V1Service>(), service => Assert.Contains(sets, set => Selects(service.Spec.Selector, set) && service.Spec.Ports.All(port =>
            set.Spec.Template.Spec.Containers[0].Ports.Any(own => own.Name == port.TargetPort.Value))));
        Assert.Contains(objects.OfType<V1NetworkPolicy>(), policy => policy.Metadata.Name == "default-deny");
    }

    [SkippableFact]
    public async Task The_cluster_drains_one_silo_at_a_time_and_the_autoscaler_alone_says_how_many()
    {
        var objects = KubernetesYaml.LoadAllFromString(await Kubectl.RenderAsync(Path.Combine(Repository.Root, Folder, "overlays/cluster")), strict: true);
        var silo = Assert.Single(objects.OfType<V1StatefulSet>(), set => set.Metadata.Name == "silo");
        var budget = Assert.Single(objects.OfType<V1PodDisruptionBudget>());
        var scaling = Assert.Single(objects.OfType<V2HorizontalPodAutoscaler>());
        Assert.Null(silo.Spec.Replicas);
        Assert.True(silo.Spec.Template.Spec.TerminationGracePeriodSeconds >= 10); // The silo takes five.
        Assert.Equal("1", budget.Spec.MaxUnavailable.Value);
        Assert.True(Selects(budget.Spec.Selector.MatchLabels, silo));
        Assert.Equal((silo.Kind, silo.Metadata.Name), (scaling.Spec.ScaleTargetRef.Kind, scaling.Spec.ScaleTargetRef.Name));
    }

    private static bool Selects(IDictionary<string, string> labels, V1StatefulSet set) =>
        labels.All(label => set.Spec.Template.Metadata.Labels.TryGetValue(label.Key, out var value) && value == label.Value);
}
